import { randomBytes } from 'node:crypto';
import { type Clock, epochSeconds } from '../platform/time/clock.ts';
import type { Signers } from './issue-tokens.ts';

/** The header's `typ`, so that it passes for no other token (Back-Channel Logout 1.0 section 2.4). */
const LOGOUT_TOKEN_TYPE = 'logout+jwt';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const LIFETIME_SECONDS = 120;
/** In bytes. */
const JTI_LENGTH = 16;

/**
 * Makes a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4), which tells a client that a session of a
 * person ended; without `sid`, all of them. Each token has another `jti`: a client that did its work, and whose answer was
 * lost, must not take the next attempt for a replay.
 */
export function signLogoutToken(
  about: { clientId: string; sub: string; sid: string | undefined },
  signer: Signers['idToken'],
  { issuer, clock }: { issuer: string; clock: Clock },
): Promise<string> {
  const iat = epochSeconds(clock);
  const claims = {
    iss: issuer,
    aud: about.clientId,
    sub: about.sub,
    ...(about.sid === undefined ? {} : { sid: about.sid }),
    iat,
    exp: iat + LIFETIME_SECONDS,
    jti: randomBytes(JTI_LENGTH).toString('base64url'),
    events: { [EVENT]: {} },
  };
  return signer.sign(claims, LOGOUT_TOKEN_TYPE);
}
