import {
  bindingOf,
  type Confirmation,
  confirmationIn,
  confirmationOf,
} from '../clients/proofs/confirmation.ts';
import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { shown } from '../refusals/shown.ts';
import { invalidGrant, invalidProof, type TokenError } from './errors.ts';
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

/**
 * Uses up a token request's proof if no statement did.
 * @throws TokenError when the request lacks its proof, and `invalid_dpop_proof` when the proof was used before.
 */
export async function requireProof(
  { client, proof, proofError }: TokenRequest,
  dependencies: ProofDependencies,
): Promise<void> {
  if (proofError) throw proofError;
  if (proof && !(await useProof({ clientId: client.id, proof }, dependencies))) throw usedBefore(proof);
}

export function usedBefore({ jti }: DpopProof): TokenError {
  return invalidProof('The DPoP proof was used before', {
    reason: 'proof.used_before',
    came: { jti: shown(jti) },
  });
}

/** @throws TokenError when `token` is bound to a key that the request does not prove, or to another one. */
export function refuseOtherKey(token: string, binding: unknown, request: TokenRequest): void {
  const bound = confirmationIn(binding);
  const proved = confirmationOf(request.client, request);
  if (bound === undefined || bindingOf(bound) === bindingOf(proved)) return;
  if (bound.jkt !== undefined && !proved?.jkt)
    throw invalidProof(`${token} is bound to a key: send a DPoP proof of it`, notProven(bound));
  throw invalidGrant(`${token} is bound to another key`, otherKey(proved, bound));
}

export function notProven(bound: Confirmation): Refusal {
  return { reason: 'key.not_proven', expected: { ...bound } };
}

export function otherKey(proved: Confirmation | undefined, bound: Confirmation): Refusal {
  return { reason: 'key.other', came: { ...proved }, expected: { ...bound } };
}

/** The same for an authorization code, which only the key of DPoP can be bound to (`dpop_jkt`, RFC 9449 section 10). */
export function refuseOtherProof(bound: unknown, proof: DpopProof | undefined): void {
  if (bound === undefined || bound === proof?.jkt) return;
  const expected = { jkt: String(bound) };
  if (!proof)
    throw invalidProof(
      'The authorization code is bound to a key: send a DPoP proof of it',
      notProven(expected),
    );
  throw invalidGrant(
    'The authorization code is bound to another key',
    otherKey({ jkt: proof.jkt }, expected),
  );
}
