import { isBoundEnough } from '../clients/allowed-now.ts';
import { bindingOf, confirmationIn, confirmationOf } from '../clients/confirmation.ts';
import type { DpopProof } from '../clients/dpop-proof.ts';
import type { UsedProofStore } from '../clients/used-proof-store.ts';
import { invalidGrant, invalidProof, TokenError } from './errors.ts';
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

/** Whether a token request has the proof that it needs. Without it, no statement may match. */
export function hasItsProof(request: TokenRequest): boolean {
  const cnf = confirmationOf(request.client, request);
  return request.proofError === undefined && isBoundEnough(request.client, { kind: 'AccessToken', cnf });
}

/**
 * @throws TokenError when a token request's proof is wrong, or its proof or certificate is missing. It is never
 * `invalid_grant`: the code or token is not to blame.
 */
export function refuseWrongProof({ client, proof, proofError, certificate }: TokenRequest): void {
  if (proofError) throw proofError;
  if (client.requireDpop && !proof) throw invalidProof('This client must send a DPoP proof');
  if (client.certificateBoundAccessTokens && !certificate)
    throw new TokenError('invalid_request', 'This client must connect with a certificate');
}

/**
 * Uses up a token request's proof if no statement did.
 * @throws TokenError as above, and `invalid_dpop_proof` when the proof was used before.
 */
export async function requireProof(request: TokenRequest, dependencies: ProofDependencies): Promise<void> {
  const { client, proof } = request;
  refuseWrongProof(request);
  if (proof && !(await useProof({ clientId: client.id, proof }, dependencies)))
    throw invalidProof('The DPoP proof was used before');
}

/** @throws TokenError when `token` is bound to a key that the request does not prove, or to another one. */
export function refuseOtherKey(token: string, binding: unknown, request: TokenRequest): void {
  const bound = confirmationIn(binding);
  const proved = confirmationOf(request.client, request);
  if (bound === undefined || bindingOf(bound) === bindingOf(proved)) return;
  if (bound.jkt !== undefined && !proved?.jkt)
    throw invalidProof(`${token} is bound to a key: send a DPoP proof of it`);
  throw invalidGrant(`${token} is bound to another key`);
}

/** The same for an authorization code, which only the key of DPoP can be bound to (`dpop_jkt`, RFC 9449 section 10). */
export function refuseOtherProof(bound: unknown, proof: DpopProof | undefined): void {
  if (bound === undefined || bound === proof?.jkt) return;
  if (!proof) throw invalidProof('The authorization code is bound to a key: send a DPoP proof of it');
  throw invalidGrant('The authorization code is bound to another key');
}
