import { decodeProtectedHeader, errors } from 'jose';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown, shownTime } from '../../refusals/shown.ts';
import type { Client } from '../client.ts';
import { KeysUnavailable } from '../keys/published-keys.ts';
import { OAuthError } from '../oauth-error.ts';
import { clientAlgorithms } from '../security-profile.ts';

/** RFC 9101 section 10.8: a JWT of another kind is no request object. */
export const TYPES = ['jwt', 'oauth-authz-req+jwt', 'application/oauth-authz-req+jwt'];

/** A request object that was not taken, and for what it should have been. */
interface Looked {
  text: string;
  client: Client;
  issuer: string;
  now: Date;
}

/** The refusal of a request object whose signature, times or claims are wrong; any other error as it is. */
export function refusalOf(error: Error, looked: Looked): Error {
  const { client } = looked;
  if (error instanceof errors.JWTExpired)
    return refused('it has expired', {
      reason: 'request_object.expired',
      came: { exp: shownTime(error.payload.exp) },
      expected: { now: shownTime(Math.floor(looked.now.getTime() / 1000)) },
    });
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(claimFault(error), whyClaim(error, looked));
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused(`its alg must be one of ${clientAlgorithms(client).join(', ')}`, {
      reason: 'request_object.algorithm_not_allowed',
      came: { alg: shown(headerOf(looked.text).alg) },
      expected: { alg: clientAlgorithms(client) },
    });
  if (error instanceof errors.JWKSNoMatchingKey && client.jwks === null && client.jwksUri === null)
    return refused('this client has no keys registered', { reason: 'request_object.client_without_keys' });
  // The address is the client's own, and only the log says what it answered.
  if (error instanceof KeysUnavailable)
    return refused(
      'the keys at the jwks_uri of the client cannot be had',
      {
        reason: 'request_object.keys_unavailable',
        expected: { jwks_uri: registered([client.jwksUri ?? '']) },
      },
      error.message,
    );
  if (error instanceof errors.JOSEError)
    return refused(
      'its signature is not of a key of the client',
      { reason: 'request_object.signature_wrong', ...kidOf(looked) },
      error.message,
    );
  return error;
}

/** The key that the object names, beside those that are registered: one of them may have been forgotten. */
function kidOf({ text, client: { jwks } }: Looked): Pick<Refusal, 'came' | 'expected'> {
  const { kid } = headerOf(text);
  const known = (jwks?.keys ?? []).flatMap((key) => ('kid' in key ? [String(key.kid)] : []));
  return {
    ...(kid === undefined ? {} : { came: { kid: shown(kid) } }),
    ...(known.length > 0 ? { expected: { kid: registered(known) } } : {}),
  };
}

function headerOf(text: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(text);
  } catch {
    return {};
  }
}

/** `jose` checks claims only where the signature is right. */
function claimFault({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (claim === 'iss') return 'its iss must be the client_id';
  if (claim === 'typ') return 'its typ says that it is another JWT';
  if (claim === 'aud') return 'its aud must be this issuer';
  if (reason === 'missing') return `it must have the claim ${claim}`;
  return `its ${claim} is not valid`;
}

function whyClaim(
  { claim, reason, payload }: errors.JWTClaimValidationFailed,
  { text, client, issuer }: Looked,
): Refusal {
  const value = claim === 'typ' ? headerOf(text).typ : payload[claim];
  const came = value === undefined ? {} : { came: { [claim]: shown(value) } };
  switch (claim) {
    case 'iss':
      return { reason: 'request_object.issuer_wrong', ...came, expected: { iss: client.id } };
    case 'typ':
      return { reason: 'request_object.type_wrong', ...came, expected: { typ: TYPES } };
    case 'aud':
      return { reason: 'request_object.audience_wrong', ...came, expected: { aud: issuer } };
    default:
      return reason === 'missing'
        ? { reason: 'request_object.claim_missing', expected: { claim } }
        : { reason: 'request_object.claim_wrong', ...came };
  }
}

export function livesTooLong(times: Readonly<Record<string, number>>): Refusal {
  const came = Object.fromEntries(
    Object.entries(times).map(([name, value]) => [name, shownTime(value)].flat()),
  );
  return { reason: 'request_object.lives_too_long', came };
}

export function malformed(parameter: string): Refusal {
  return { reason: 'request_object.parameter_malformed', came: { parameter } };
}

export function refused(fault: string, why: Refusal, detail = fault): OAuthError {
  return new OAuthError('invalid_request_object', `The request object is refused: ${fault}`, {
    detail: `The request object is refused: ${detail}`,
    why,
  });
}
