import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import { toEpochSeconds } from '../../platform/time/clock.ts';

/** A DPoP proof (RFC 9449) with the right signature, time and target. `UsedProofStore` knows whether it is new. */
export interface DpopProof {
  /** The SHA-256 thumbprint of the key that signed it (RFC 7638). */
  jkt: string;
  alg: string;
  /** In seconds. */
  iat: number;
  jti: string;
  /** Until then its use has to be remembered, because it could be used again. */
  expiresAt: Date;
}

/** Ed25519 is the name that RFC 9864 gives to EdDSA with that curve. */
export const PROOF_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] as const;

/** How far the clock of a client may differ from ours, in either direction. */
const TOLERATED_SECONDS = 300;

/** The latest time at which a proof could be used again that is valid now: it may be dated ahead as far as it may be old. */
export function proofExpiry(now: Date): Date {
  return new Date(now.getTime() + 2 * TOLERATED_SECONDS * 1000);
}

interface Target {
  method: string;
  /** Without query and fragment. */
  url: string;
  now: Date;
  /** The access token that the proof comes with, where it comes with one (RFC 9449 section 4.3, item 12). */
  accessToken?: string;
}

/**
 * Verifies a proof as in RFC 9449 section 4.3, without nonces, which this server does not ask for.
 * @throws Error with the description of an `invalid_dpop_proof`.
 */
export async function verifyDpopProof(text: string, target: Target): Promise<DpopProof> {
  const { payload, protectedHeader } = await jwtVerify(text, EmbeddedJWK, {
    algorithms: [...PROOF_ALGORITHMS],
    typ: 'dpop+jwt',
    currentDate: target.now,
  }).catch((cause) => {
    throw new Error('invalid DPoP key binding', { cause });
  });
  const { jti, iat } = checkClaims(payload, target);
  // EmbeddedJWK has found the key there.
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk as never);
  return { jkt, alg: protectedHeader.alg, iat, jti, expiresAt: proofExpiry(target.now) };
}

function checkClaims(
  { iat, jti, htm, htu, nonce, ath }: JWTPayload,
  { method, url, now, accessToken }: Target,
): { jti: string; iat: number } {
  if (typeof iat !== 'number' || !iat) throw new Error('DPoP proof must have a iat number property');
  if (typeof jti !== 'string' || !jti) throw new Error('DPoP proof must have a jti string property');
  if (nonce !== undefined && typeof nonce !== 'string') throw new Error('DPoP proof nonce must be a string');
  if (nonce) throw new Error('DPoP nonces are not supported');
  if (Math.abs(toEpochSeconds(now) - iat) > TOLERATED_SECONDS)
    throw new Error('DPoP proof iat is not recent enough');
  if (htm !== method) throw new Error('DPoP proof htm mismatch');
  if (withoutQuery(htu) !== new URL(url).href) throw new Error('DPoP proof htu mismatch');
  if (accessToken !== undefined && ath !== createHash('sha256').update(accessToken).digest('base64url'))
    throw new Error('DPoP proof ath mismatch');
  return { jti, iat };
}

function withoutQuery(htu: unknown): string | undefined {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  if (!url) return undefined;
  url.hash = '';
  url.search = '';
  return url.href;
}
