import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Confirmation } from '../clients/proofs/confirmation.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type Clock, epochSeconds } from '../platform/time/clock.ts';
import { isIdentifier } from './claims/identifier.ts';

/** The payload of an access token (RFC 9068 section 2.2). Times are in seconds since the epoch. */
export interface AccessTokenClaims {
  jti: string;
  iss: string;
  aud: string;
  sub: string;
  iat: number;
  exp: number;
  client_id: string;
  scope: string;
  /** The row of `grants` without which the token is worthless. */
  grant_id: string;
  /** The keys that it is bound to (RFC 9449 section 6.1, RFC 8705 section 3.1). */
  cnf?: Confirmation;
}

/** The header's `typ`, which shows that the token is no ID token (RFC 9068 section 2.1). */
export const ACCESS_TOKEN_TYPE = 'at+jwt';

export interface PresentedAccessToken {
  claims: AccessTokenClaims;
  expired: boolean;
}

/** Reads an access token of this server. `AccessTokenStore` knows whether it was revoked. */
export function readAccessToken(
  text: string,
  { keyRing, issuer, clock }: { keyRing: KeyRing; issuer: string; clock: Clock },
): PresentedAccessToken | undefined {
  const claims = keyRing.verify(text, ACCESS_TOKEN_TYPE);
  if (!isAccessToken(claims, issuer)) return undefined;
  return { claims, expired: claims.exp <= epochSeconds(clock) };
}

/** The client of what claims to be an ID token of this server, and may be forged. */
export function clientOfIdToken(text: string, issuer: string): string | undefined {
  try {
    const { iss, aud, client_id } = decodeJwt(text);
    const isOne = decodeProtectedHeader(text).typ === 'JWT' && iss === issuer && aud === client_id;
    return isOne && typeof aud === 'string' ? aud : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9068 section 4. The signature proves that the token is ours; the claims show that it is an access token. */
function isAccessToken(
  claims: Record<string, unknown> | undefined,
  issuer: string,
): claims is Record<string, unknown> & AccessTokenClaims {
  return (
    claims?.iss === issuer &&
    claims.aud === issuer &&
    isTime(claims.exp) &&
    ['jti', 'sub', 'client_id', 'grant_id'].every((name) => isIdentifier(claims[name])) &&
    typeof claims.scope === 'string' &&
    isKnownBinding(claims.cnf)
  );
}

/** A time that a Date can hold. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(new Date(value * 1000).getTime());
}

const KNOWN_BINDINGS = ['jkt', 'x5t#S256'];

/** A token that is bound in a way which this release does not know could be used without a proof. */
function isKnownBinding(cnf: unknown): boolean {
  if (cnf === undefined) return true;
  const all = Object.entries(Object(cnf));
  return (
    all.length > 0 && all.every(([name, value]) => KNOWN_BINDINGS.includes(name) && typeof value === 'string')
  );
}
