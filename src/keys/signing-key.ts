/**
 * Signing keys live through three states: next (published), current (signs), retired (verifies only). A key is
 * published for longer than any cache before it signs, so no verifier meets an unknown `kid`, and after it signed
 * for longer than any token it made. Two sets, one for OpenID Connect and one for LiSTNR, so that a token of one
 * service can never be passed off as the other's. Kept in the database, the private halves sealed.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export type KeySet = 'oidc' | 'listnr';
export type KeyState = 'next' | 'current' | 'retired';
export type KeyAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

export interface SigningKey {
  kid: string;
  keySet: KeySet;
  alg: KeyAlgorithm;
  state: KeyState;
  publicJwk: JWK;
  privateJwk: JWK;
  /** next: from when it may sign. */
  promoteAfter: Date | undefined;
  /** When it began to sign. */
  activatedAt: Date | undefined;
  /** When it stopped. */
  retiredAt: Date | undefined;
}

/** A fresh key pair whose `kid` is its thumbprint (RFC 7638). */
export async function generateKeyMaterial(
  alg: KeyAlgorithm,
  { rsaBits }: { rsaBits: number },
): Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwk'>> {
  const { privateKey, publicKey } = await generateKeyPair(alg, {
    ...(alg === 'RS256' ? { modulusLength: rsaBits } : {}),
    extractable: true,
  });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const members = { kid, alg, use: 'sig' };
  return {
    kid,
    publicJwk: { ...publicJwk, ...members },
    privateJwk: { ...(await exportJWK(privateKey)), ...members },
  };
}
