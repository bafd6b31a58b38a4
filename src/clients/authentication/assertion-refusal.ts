import { decodeProtectedHeader, errors } from 'jose';
import type { Refusal } from '../../refusals/reasons.ts';
import { shown, timesOf } from '../../refusals/shown.ts';
import type { Client } from '../client.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { KeysUnavailable } from '../keys/published-keys.ts';
import type { OAuthError } from '../oauth-error.ts';
import { clientAlgorithms } from '../security-profile.ts';
import { invalidClient, invalidClientBecause, unavailableKeys } from './errors.ts';

/** A request object of the same client, which its person's browser has, is no assertion. */
export const ASSERTION_TYPES = ['jwt', 'client-authentication+jwt'].flatMap((type) => [
  type,
  `application/${type}`,
]);

interface Refused {
  assertion: string;
  client: Client;
  now: Date;
}

/**
 * The answer to an assertion that `verifyClientJwt` did not take. It looks at claims only where the signature is right,
 * so the client may learn of these.
 */
export async function refusalOf(
  error: Error,
  refused: Refused,
  { clientKeys }: { clientKeys: ClientKeys },
): Promise<Error> {
  const { client, now } = refused;
  if (error instanceof errors.JWTExpired)
    return invalidClientBecause('the client assertion has expired', {
      reason: 'assertion.expired',
      ...timesOf({ exp: error.payload.exp }, now),
    });
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error, refused);
  if (error instanceof KeysUnavailable) return unavailableKeys(client.jwksUri, error.message);
  if (!(error instanceof errors.JOSEError)) return error;
  return invalidClient(error.message, await signatureRefusal(error, refused, clientKeys));
}

function claimRefusal(error: errors.JWTClaimValidationFailed, refused: Refused): OAuthError {
  const { claim, message } = error;
  const description =
    claim === 'typ' ? 'the typ of the client assertion says that it is another JWT' : message;
  return invalidClientBecause(description, whyOfClaim(error, refused));
}

function whyOfClaim(
  { claim, reason, payload }: errors.JWTClaimValidationFailed,
  { assertion, client, now }: Refused,
): Refusal {
  const { [claim]: value } = payload;
  if (claim === 'typ')
    return {
      reason: 'assertion.other_jwt',
      came: { typ: shown(decodeProtectedHeader(assertion).typ) },
      expected: { typ: ASSERTION_TYPES },
    };
  if (claim === 'iss')
    return {
      reason: 'assertion.iss_wrong',
      ...(value === undefined ? {} : { came: { iss: shown(value) } }),
      expected: { iss: client.id },
    };
  if (claim === 'nbf' && reason === 'check_failed')
    return { reason: 'assertion.not_yet_valid', ...timesOf({ nbf: value }, now) };
  return { reason: 'assertion.claim_malformed', came: { [claim]: shown(value) } };
}

/** Nothing in the JWT is proven yet. Its header says only which key and algorithm it is meant to be of. */
async function signatureRefusal(
  error: errors.JOSEError,
  { assertion, client }: Refused,
  clientKeys: ClientKeys,
): Promise<Refusal> {
  if (error instanceof errors.JOSEAlgNotAllowed)
    return {
      reason: 'assertion.alg_not_allowed',
      came: headerOf(assertion, 'alg'),
      expected: { alg: clientAlgorithms(client) },
    };
  if (error instanceof errors.JWKSNoMatchingKey) {
    const set = await clientKeys.of(client).catch(() => undefined);
    if (set?.keys.length === 0) return { reason: 'client.keys_none' };
    const known = set?.keys.flatMap(({ kid }) => kid ?? []) ?? [];
    return {
      reason: 'assertion.key_unknown',
      came: headerOf(assertion, 'kid', 'alg'),
      ...(known.length === 0 ? {} : { expected: { kid: shown(known) } }),
    };
  }
  const isOfOtherKey =
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSMultipleMatchingKeys;
  if (isOfOtherKey) return { reason: 'assertion.signature_wrong', came: headerOf(assertion, 'kid', 'alg') };
  return { reason: 'assertion.malformed' };
}

function headerOf(assertion: string, ...names: ('alg' | 'kid')[]): Record<string, string | string[]> {
  const header = decodeProtectedHeader(assertion);
  return Object.fromEntries(
    names.filter((name) => header[name] !== undefined).map((name) => [name, shown(header[name])]),
  );
}
