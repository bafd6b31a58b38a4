import { createHash } from 'node:crypto';
import type { Payload } from '../../platform/time/payload-times.ts';

/**
 * The values of `acr`, which say by how many factors a person signed in. They are ours: the numbers of ISO 29115 would
 * promise more. A second factor, a passkey, or a customer's own provider that says so (`pass_amr`), makes two.
 */
export const ACR = {
  oneFactor: 'urn:listo:acr:one-factor',
  twoFactors: 'urn:listo:acr:two-factors',
} as const;

/** The `acr` of a sign-in by these methods. */
export function acrOf(amr: readonly string[]): string {
  return amr.includes(SEVERAL_FACTORS) ? ACR.twoFactors : ACR.oneFactor;
}

/** RFC 8176: several factors were used. */
const SEVERAL_FACTORS = 'mfa';

/** Members of a code or a refresh family that an ID token repeats. */
interface SignIn {
  nonce?: string;
  /** When the person signed in, in seconds; 0 where only their own provider knows. */
  authTime?: number;
  /** How the person signed in (RFC 8176). Missing where only their own provider knows, or may say. */
  amr?: string[];
}

/**
 * An ID token's claims about the sign-in (OpenID Connect Core section 2). A refresh repeats them: the person did not
 * sign in again.
 */
export function signInClaims(payload: Payload): Record<string, unknown> {
  const { nonce, authTime, amr } = payload as SignIn;
  const sid = sessionOf(payload);
  return {
    ...(authTime ? { auth_time: authTime } : {}),
    ...(amr ? { amr, acr: acrOf(amr) } : {}),
    ...(nonce === undefined ? {} : { nonce }),
    ...(sid === undefined ? {} : { sid }),
  };
}

/**
 * The name of the session in which the person signed in (OpenID Connect Back-Channel Logout 1.0 section 2.1). It is no
 * credential. A device has no session: its person signed in with another browser, which goes on without the device.
 */
function sessionOf({ kind, gty, sessionUid }: Payload): string | undefined {
  if (kind === 'DeviceCode' || gty === 'device_code') return undefined;
  return typeof sessionUid === 'string' ? sessionUid : undefined;
}

/** `at_hash` (OpenID Connect Core section 3.1.3.6): half a hash, by which the two tokens are known to belong together. */
export function accessTokenHash(accessToken: string, idTokenAlg: string): string {
  const digest = createHash(idTokenAlg === 'EdDSA' ? 'sha512' : 'sha256')
    .update(accessToken)
    .digest();
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
