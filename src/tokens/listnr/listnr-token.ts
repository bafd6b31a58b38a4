import { randomUUID } from 'node:crypto';
import type { ListnrClaim } from '../../clients/listnr/listnr-client.ts';
import type { KeyRing } from '../../keys/key-ring.ts';

export const TOKEN_LIFETIME_SECONDS = 900;

/** The payload of a LiSTNR token (listnr-verify-token, "Payload"). Times are in seconds since the epoch. */
export interface ListnrClaims extends Partial<Record<ListnrClaim, string>> {
  iss: string;
  sub: string;
  aud: string;
  iat: number;
  exp: number;
  jti: string;
  scope?: string;
}

/** The claims of a token. Claims without a value are absent. */
export function listnrClaims({
  issuer,
  subject,
  audience,
  scopes,
  profile,
  now,
}: {
  issuer: string;
  subject: string;
  audience: string;
  scopes: readonly string[];
  profile: Partial<Record<ListnrClaim, string>>;
  now: number;
}): ListnrClaims {
  return {
    iss: issuer,
    sub: subject,
    aud: audience,
    iat: now,
    exp: now + TOKEN_LIFETIME_SECONDS,
    jti: randomUUID(),
    ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
    ...profile,
  };
}

/** Signs claims with RS256, the only algorithm that the guide lets verifiers accept. */
export function signListnrToken(claims: ListnrClaims, { sign }: KeyRing['current']): Promise<string> {
  return sign(claims, 'JWT');
}
