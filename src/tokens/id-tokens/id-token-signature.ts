import {
  type CompactVerifyGetKey,
  compactVerify,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type ProtectedHeaderParameters,
} from 'jose';
import { IdTokenRefused } from './errors.ts';

/** Reads the token's own statements, which only choose whose signature to check. */
export function readIdToken(token: string): { header: ProtectedHeaderParameters; claims: JWTPayload } {
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch (cause) {
    throw new IdTokenRefused('The bearer token is not an ID token: it is not a signed JWT.', cause);
  }
}

/**
 * An ID token has no `typ`, or `JWT`. Every other kind of JWT that an issuer signs with the same keys has its own
 * `typ` (RFC 8725 section 3.11). No critical extension (`crit`) is known.
 */
export function checkHeader({ typ, crit }: ProtectedHeaderParameters): void {
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT'))
    throw new IdTokenRefused('The bearer token is not an ID token: its typ says so.');
  if (crit !== undefined) throw new IdTokenRefused('The ID token has a critical extension (crit).');
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
      throw new IdTokenRefused(describe(error), error);
    throw error;
  }
}

function describe(error: Error): string {
  if (error instanceof errors.JOSEAlgNotAllowed)
    return 'The ID token is signed with an algorithm that is not accepted.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'The ID token is signed with an unknown key.';
  return 'The signature of the ID token is not valid.';
}
