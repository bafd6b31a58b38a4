import {
  type CompactVerifyGetKey,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import { IdTokenRefused } from './errors.ts';

/** Reads the token's own statements, which only choose whose signature to check. */
export function readIdToken(token: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch (cause) {
    throw new IdTokenRefused(
      'The bearer token is not an ID token: it is not a signed JWT.',
      { reason: 'id_token.malformed' },
      cause,
    );
  }
}

/**
 * An ID token has no `typ`, or `JWT`. Every other kind of JWT that an issuer signs with the same keys has its own
 * `typ` (RFC 8725 section 3.11). No critical extension (`crit`) is known.
 */
export function checkHeader({ typ, crit }: ProtectedHeaderParameters): void {
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
    throw new IdTokenRefused('The bearer token is not an ID token: its typ says so.', {
      reason: 'id_token.other_type',
      came: { typ: shown(typ) },
      expected: { typ: 'JWT' },
    });
  if (crit !== undefined)
    throw new IdTokenRefused('The ID token has a critical extension (crit).', {
      reason: 'id_token.critical_extension',
      came: { crit: shown(crit) },
    });
}

/** Ignores a key in the token's own header (jwk, jku, x5c, x5u). */
export async function verifySignature(
  token: string,
  key: CompactVerifyGetKey,
  algorithms: readonly string[],
): Promise<void> {
  try {
    await compactVerify(token, key, { algorithms: [...algorithms] });
  } catch (error) {
    // jose reports a key that is too short, or not made for the algorithm, as a TypeError.
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      throw refusalOf(error, decodeProtectedHeader(token), algorithms);
    throw error;
  }
}

function refusalOf(
  error: Error,
  { alg, kid }: ProtectedHeaderParameters,
  algorithms: readonly string[],
): IdTokenRefused {
  const refuse = (message: string, why: Refusal) => new IdTokenRefused(message, why, error);
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refuse('The ID token is signed with an algorithm that is not accepted.', {
      reason: 'id_token.algorithm_not_accepted',
      came: { alg: shown(alg) },
      expected: { alg: registered(algorithms) },
    });
  const came = { alg: shown(alg), kid: shown(kid) };
  return error instanceof errors.JWKSNoMatchingKey
    ? refuse('The ID token is signed with an unknown key.', { reason: 'id_token.key_unknown', came })
    : refuse('The signature of the ID token is not valid.', { reason: 'id_token.signature_wrong', came });
}
