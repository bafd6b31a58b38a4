import type { DpopProof } from '../clients/dpop-proof.ts';
import type { UsedProofStore } from '../clients/used-proof-store.ts';
import { invalidGrant, invalidProof } from './errors.ts';
import type { TokenRequest } from './token-request.ts';

interface ProofDependencies {
  usedProofs: UsedProofStore;
}

/** Uses up a proof. False where it was used before. */
export function useProof(
  { clientId, proof }: { clientId: string; proof: DpopProof },
  { usedProofs }: ProofDependencies,
): Promise<boolean> {
  return usedProofs.use({ issuer: clientId, jti: proof.jti, expiresAt: proof.expiresAt });
}

/** @throws TokenError `invalid_dpop_proof` when a token request's proof is wrong or missing. */
export function refuseWrongProof({ client, proof, proofError }: TokenRequest): void {
  if (proofError) throw proofError;
  if (client.requireDpop && !proof) throw invalidProof('This client must send a DPoP proof');
}

/**
 * Uses up a token request's proof if no statement did.
 * @throws TokenError `invalid_dpop_proof` when the proof is wrong, is missing, or was used before.
 */
export async function requireProof(request: TokenRequest, dependencies: ProofDependencies): Promise<void> {
  const { client, proof } = request;
  refuseWrongProof(request);
  if (proof && !(await useProof({ clientId: client.id, proof }, dependencies)))
    throw invalidProof('The DPoP proof was used before');
}

/**
 * @throws TokenError when `token` is bound to a key: `invalid_dpop_proof` without a proof, `invalid_grant` with a proof
 * of another key.
 */
export function refuseOtherKey(token: string, bound: unknown, proof: DpopProof | undefined): void {
  if (bound === undefined || bound === proof?.jkt) return;
  if (!proof) throw invalidProof(`${token} is bound to a key: send a DPoP proof of it`);
  throw invalidGrant(`${token} is bound to another key`);
}
