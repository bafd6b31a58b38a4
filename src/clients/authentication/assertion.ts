import type { JWTPayload } from 'jose';
import { toEpochSeconds } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { shown, shownAddress, timesOf } from '../../refusals/shown.ts';
import type { Client } from '../client.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { verifyClientJwt } from '../keys/verify-client-jwt.ts';
import type { UsedProofStore } from '../proofs/used-proof-store.ts';
import { isFapi } from '../security-profile.ts';
import { ASSERTION_TYPES, refusalOf } from './assertion-refusal.ts';
import { invalidClientBecause } from './errors.ts';

const LONGEST_SECONDS = 3600;
/** How far a client's clock may be ahead of ours. */
const AHEAD_SECONDS = 60;
/** How far a client's clock may be behind ours. */
const BEHIND_SECONDS = 15;

/** The addresses by which an assertion may name this server (RFC 7523 section 3). */
export interface Audiences {
  issuer: string;
  endpoints: readonly string[];
}

interface Expected {
  audiences: Audiences;
  now: Date;
}

/**
 * Verifies a client assertion (RFC 7523 section 3), and uses it up. Used assertions are remembered until they expire,
 * so they must end soon. All audiences have to be ours: somebody else who is named could present the assertion to us
 * first.
 * @throws OAuthError `invalid_client`.
 */
export async function verifyAssertion(
  assertion: string,
  { client, ...expected }: Expected & { client: Client },
  { usedProofs, clientKeys }: { usedProofs: UsedProofStore; clientKeys: ClientKeys },
): Promise<void> {
  const payload = await verifySignature(assertion, client, expected.now, { clientKeys });
  const { jti, exp } = checkClaims(payload, { client, ...expected });
  const expiresAt = new Date((exp + AHEAD_SECONDS) * 1000);
  if (!(await usedProofs.use({ issuer: client.id, jti, expiresAt })))
    throw invalidClientBecause('a client assertion may be used once', {
      reason: 'assertion.used_before',
      came: { jti: shown(jti) },
    });
}

async function verifySignature(
  assertion: string,
  client: Client,
  now: Date,
  dependencies: { clientKeys: ClientKeys },
): Promise<JWTPayload> {
  const expected = { client, types: ASSERTION_TYPES, clockTolerance: BEHIND_SECONDS, currentDate: now };
  try {
    return await verifyClientJwt(assertion, expected, dependencies);
  } catch (error) {
    throw await refusalOf(error as Error, { assertion, client, now }, dependencies);
  }
}

/** `jwtVerify` has checked the issuer, `nbf`, and that `exp`, if it is there, has not passed. */
function checkClaims(
  { exp, iat = 0, jti, aud }: JWTPayload,
  { client, audiences, now }: Expected & { client: Client },
): { jti: string; exp: number } {
  const latest = toEpochSeconds(now) + AHEAD_SECONDS;
  if (!exp)
    throw invalidClientBecause('a client assertion must have an exp', { reason: 'assertion.exp_missing' });
  if (exp > latest + LONGEST_SECONDS)
    throw invalidClientBecause(`a client assertion may live for ${LONGEST_SECONDS} seconds`, {
      reason: 'assertion.exp_too_far',
      ...timesOf({ exp }, now),
    });
  if (iat > latest)
    throw invalidClientBecause('a client assertion must not be issued in the future', {
      reason: 'assertion.iat_in_future',
      ...timesOf({ iat }, now),
    });
  if (typeof jti !== 'string' || !jti)
    throw invalidClientBecause('a client assertion must have a jti', { reason: 'assertion.jti_missing' });
  checkAudience(aud, client, audiences);
  return { jti, exp };
}

/**
 * A client of FAPI names the issuer alone, and not in a list (FAPI 2.0 Security Profile section 5.3.3.1): another
 * server that gets an assertion for an endpoint of ours, as its own, could use it here.
 */
function checkAudience(aud: JWTPayload['aud'], client: Client, { issuer, endpoints }: Audiences): void {
  if (isFapi(client)) {
    if (aud === issuer) return;
    throw invalidClientBecause(
      `the audience of a client assertion must be ${issuer}, as a string`,
      audienceRefusal('assertion.aud_not_issuer', aud, issuer),
    );
  }
  const [named, ours] = [[aud ?? []].flat(), [issuer, ...endpoints]];
  if (named.length === 0 || !named.every((name) => ours.includes(name)))
    throw invalidClientBecause(
      `the audience of a client assertion may be ${ours.join(' or ')}`,
      audienceRefusal('assertion.aud_wrong', aud, ours),
    );
}

function audienceRefusal(reason: Refusal['reason'], aud: unknown, expected: string | string[]): Refusal {
  return {
    reason,
    ...(aud === undefined ? {} : { came: { aud: shownAddress(aud) } }),
    expected: { aud: expected },
  };
}
