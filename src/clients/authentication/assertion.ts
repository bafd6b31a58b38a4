import { errors, type JWTPayload } from 'jose';
import { toEpochSeconds } from '../../platform/time/clock.ts';
import type { Client } from '../client.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { KeysUnavailable } from '../keys/published-keys.ts';
import { verifyClientJwt } from '../keys/verify-client-jwt.ts';
import type { UsedProofStore } from '../proofs/used-proof-store.ts';
import { isFapi } from '../security-profile.ts';
import { invalidClient, invalidClientBecause, unavailableKeys } from './errors.ts';

const LONGEST_SECONDS = 3600;
/** How far a client's clock may be ahead of ours. */
const AHEAD_SECONDS = 60;
/** How far a client's clock may be behind ours. */
const BEHIND_SECONDS = 15;
/** A request object of the same client, which its person's browser has, is no assertion. */
const TYPES = ['jwt', 'client-authentication+jwt'].flatMap((type) => [type, `application/${type}`]);

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
    throw invalidClientBecause('a client assertion may be used once');
}

function verifySignature(
  assertion: string,
  client: Client,
  currentDate: Date,
  dependencies: { clientKeys: ClientKeys },
): Promise<JWTPayload> {
  const expected = { client, types: TYPES, clockTolerance: BEHIND_SECONDS, currentDate };
  return verifyClientJwt(assertion, expected, dependencies).catch((error) => {
    throw refusalOf(error);
  });
}

/** `jwtVerify` looks at the claims only where the signature is right. */
function refusalOf(error: Error): Error {
  if (error instanceof errors.JWTExpired) return invalidClientBecause('the client assertion has expired');
  if (error instanceof errors.JWTClaimValidationFailed)
    return invalidClientBecause(
      error.claim === 'typ' ? 'the typ of the client assertion says that it is another JWT' : error.message,
    );
  if (error instanceof KeysUnavailable) return unavailableKeys(error.message);
  return error instanceof errors.JOSEError ? invalidClient(error.message) : error;
}

/** `jwtVerify` has checked the issuer, `nbf`, and that `exp`, if it is there, has not passed. */
function checkClaims(
  { exp, iat = 0, jti, aud }: JWTPayload,
  { client, audiences, now }: Expected & { client: Client },
): { jti: string; exp: number } {
  const latest = toEpochSeconds(now) + AHEAD_SECONDS;
  if (!exp) throw invalidClientBecause('a client assertion must have an exp');
  if (exp > latest + LONGEST_SECONDS)
    throw invalidClientBecause(`a client assertion may live for ${LONGEST_SECONDS} seconds`);
  if (iat > latest) throw invalidClientBecause('a client assertion must not be issued in the future');
  if (typeof jti !== 'string' || !jti) throw invalidClientBecause('a client assertion must have a jti');
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
    throw invalidClientBecause(`the audience of a client assertion must be ${issuer}, as a string`);
  }
  const [named, ours] = [[aud ?? []].flat(), [issuer, ...endpoints]];
  if (named.length === 0 || !named.every((name) => ours.includes(name)))
    throw invalidClientBecause(`the audience of a client assertion may be ${ours.join(' or ')}`);
}
