/**
 * Signing keys live through three states: next (published), current (signs), retired (verifies only). A key is
 * published for longer than any cache before it signs, so no verifier meets an unknown `kid`. After it has signed, it
 * stays published for longer than any token that it made. There are two sets, one for OpenID Connect and one for
 * LiSTNR, so that a token of one service never passes for one of the other. They are in the database, with the
 * private halves sealed.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export type KeySet = 'oidc' | 'listnr';
export type KeyState = 'next' | 'current' | 'retired';

/** The algorithms of signatures (RFC 7518, RFC 8037). A key signs and verifies with one of them alone. */
export const KEY_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

export interface SigningKey {
  kid: string;
  keySet: KeySet;
  alg: KeyAlgorithm;
  state: KeyState;
  publicJwk: JWK;
  privateJwk: JWK;
  /** For the state next: when it may begin to sign. */
  promoteAfter: Date | undefined;
  /** When the key began to sign. */
  activatedAt: Date | undefined;
  /** When the key stopped signing. */
  retiredAt: Date | undefined;
}

/** A fresh key pair whose `kid` is its thumbprint (RFC 7638). */
export async function generateKeyMaterial(
  alg: KeyAlgorithm,
  { rsaBits }: { rsaBits: number },
): Promise<Pick<SigningKey, 'kid' | 'publicJwk' | 'privateJwk'>> {
  const { privateKey, publicKey } = await generateKeyPair(alg, {
    ...(isRsa(alg) ? { modulusLength: rsaBits } : {}),
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

function isRsa(alg: KeyAlgorithm): boolean {
  return alg === 'RS256' || alg === 'PS256';
}
