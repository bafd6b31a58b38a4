import { createHash } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  type JWTPayload,
  jwtVerify,
} from 'jose';
import { toEpochSeconds } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { shown, shownAddress, timesOf } from '../../refusals/shown.ts';
import { RefusedProof } from './refused-proof.ts';

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
 * @throws RefusedProof.
 */
export async function verifyDpopProof(text: string, target: Target): Promise<DpopProof> {
  const { payload, protectedHeader } = await jwtVerify(text, EmbeddedJWK, {
    algorithms: [...PROOF_ALGORITHMS],
    typ: 'dpop+jwt',
    currentDate: target.now,
  }).catch((cause) => {
    throw new RefusedProof('invalid DPoP key binding', malformed(text), { cause });
  });
  const { jti, iat } = checkClaims(payload, target);
  // EmbeddedJWK has found the key there.
  const jkt = await calculateJwkThumbprint(protectedHeader.jwk as never);
  return { jkt, alg: protectedHeader.alg, iat, jti, expiresAt: proofExpiry(target.now) };
}

/** Finds out why another verifier refused a proof: for a claim, or else for its header, key or signature. */
export function whyProofRefused(text: string, target: Target): Refusal {
  try {
    checkClaims(decodeJwt(text), target);
  } catch (error) {
    if (error instanceof RefusedProof) return error.why;
  }
  return malformed(text);
}

/** Only the header says anything: no signature is right. */
function malformed(text: string): Refusal {
  const expected = { typ: 'dpop+jwt', alg: PROOF_ALGORITHMS };
  try {
    const { typ = '', alg = '' } = decodeProtectedHeader(text);
    return { reason: 'proof.malformed', came: { typ: shown(typ), alg: shown(alg) }, expected };
  } catch {
    return { reason: 'proof.malformed', expected };
  }
}

function checkClaims(
  { iat, jti, htm, htu, nonce, ath }: JWTPayload,
  { method, url, now, accessToken }: Target,
): { jti: string; iat: number } {
  if (typeof iat !== 'number' || !iat)
    throw new RefusedProof('DPoP proof must have a iat number property', claimMalformed({ iat }));
  if (typeof jti !== 'string' || !jti)
    throw new RefusedProof('DPoP proof must have a jti string property', claimMalformed({ jti }));
  if (nonce !== undefined && typeof nonce !== 'string')
    throw new RefusedProof('DPoP proof nonce must be a string', claimMalformed({ nonce }));
  if (nonce) throw new RefusedProof('DPoP nonces are not supported', { reason: 'proof.nonce_unsupported' });
  if (Math.abs(toEpochSeconds(now) - iat) > TOLERATED_SECONDS)
    throw new RefusedProof('DPoP proof iat is not recent enough', {
      reason: 'proof.iat_not_recent',
      ...timesOf({ iat }, now),
    });
  if (htm !== method)
    throw new RefusedProof('DPoP proof htm mismatch', {
      reason: 'proof.htm_wrong',
      came: { htm: shown(htm) },
      expected: { htm: method },
    });
  if (withoutQuery(htu) !== new URL(url).href)
    throw new RefusedProof('DPoP proof htu mismatch', {
      reason: 'proof.htu_wrong',
      came: { htu: shownAddress(htu) },
      expected: { htu: url },
    });
  if (accessToken !== undefined && ath !== createHash('sha256').update(accessToken).digest('base64url'))
    throw new RefusedProof('DPoP proof ath mismatch', { reason: 'proof.ath_wrong' });
  return { jti, iat };
}

function claimMalformed(claim: Readonly<Record<string, unknown>>): Refusal {
  const came = Object.entries(claim).map(([name, value]) => [name, shown(value)]);
  return { reason: 'proof.claim_malformed', came: Object.fromEntries(came) };
}

function withoutQuery(htu: unknown): string | undefined {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  if (!url) return undefined;
  url.hash = '';
  url.search = '';
  return url.href;
}
