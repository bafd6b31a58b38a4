import { type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose';
import { generateSigningKey, type KeySet } from './signing-key.ts';
import type { SigningKeyStore } from './signing-key-store.ts';

/** The keys of one set, ready to use: imported once, because converting a key costs as much as signing with it. */
export interface KeyRing {
  /** The key that signs now. */
  readonly current: { kid: string; alg: string; privateKey: CryptoKey };
  /** What verifiers see: public members only, the current key first. */
  readonly jwks: JSONWebKeySet;
  /** For the protocol library, which wants its keys private and the signing one first. */
  readonly privateJwks: { keys: JWK[] };
  /** The public key with this `kid`, or undefined. */
  publicKey(kid: string): CryptoKey | undefined;
}

/** Loads a set, making its first key when it has none. */
export async function loadKeyRing(store: SigningKeyStore, keySet: KeySet): Promise<KeyRing> {
  let keys = await store.list(keySet);
  if (!keys.some(({ state }) => state === 'current')) {
    await store.addFirst(await generateSigningKey(keySet, 'current'));
    keys = await store.list(keySet);
  }
  const current = keys.find(({ state }) => state === 'current');
  if (!current) throw new Error(`The key set ${keySet} has no current key.`);

  const publicKeys = new Map(
    await Promise.all(
      keys.map(async ({ kid, publicJwk, alg }) => [kid, await importKey(publicJwk, alg)] as const),
    ),
  );
  return {
    current: {
      kid: current.kid,
      alg: current.alg,
      privateKey: await importKey(current.privateJwk, current.alg),
    },
    jwks: { keys: keys.map(({ publicJwk }) => publicJwk) },
    privateJwks: { keys: keys.map(({ privateJwk }) => privateJwk) },
    publicKey: (kid) => publicKeys.get(kid),
  };
}

async function importKey(jwk: JWK, alg: string): Promise<CryptoKey> {
  return (await importJWK(jwk, alg)) as CryptoKey;
}
