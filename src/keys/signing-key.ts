/**
 * Signing keys. Two sets, one for OpenID Connect and one for LiSTNR, so that a token of one service can never be
 * passed off as the other's. Keys are made at first start, kept in the database, their private halves sealed.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

export type KeySet = 'oidc' | 'listnr';
export type KeyState = 'next' | 'current' | 'retired';

export interface SigningKey {
  kid: string;
  keySet: KeySet;
  alg: 'RS256';
  state: KeyState;
  publicJwk: JWK;
  privateJwk: JWK;
}

const RSA_BITS = 2048;

/** A fresh RS256 key whose `kid` is its thumbprint (RFC 7638). */
export async function generateSigningKey(keySet: KeySet, state: KeyState): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', {
    modulusLength: RSA_BITS,
    extractable: true,
  });
  const publicJwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const members = { kid, alg: 'RS256', use: 'sig' };
  return {
    kid,
    keySet,
    alg: 'RS256',
    state,
    publicJwk: { ...publicJwk, ...members },
    privateJwk: { ...(await exportJWK(privateKey)), ...members },
  };
}
