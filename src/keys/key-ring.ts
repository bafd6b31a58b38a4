import { type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose';
import { OperatorError } from '../platform/errors.ts';
import { createSigner, type SignJwt } from './sign-jwt.ts';
import type { KeyAlgorithm, KeySet, SigningKey } from './signing-key.ts';
import type { SigningKeyStore } from './signing-key-store.ts';
import { createVerifier, type VerifyJwt } from './verify-jwt.ts';

/**
 * The keys of one set, ready to use: imported once, because converting a key costs as much as signing with it.
 * What it holds changes when `reload` finds that the database does, so ask it anew each time.
 */
export interface KeyRing {
  /** The key that signs RS256 now. */
  readonly current: CurrentKey;
  /** The key that signs with `alg` now. Undefined for a second or two after the first client asked for that one. */
  signer(alg: KeyAlgorithm): CurrentKey | undefined;
  /** What verifiers see: public members only, in the order current, retired, next. */
  readonly jwks: JSONWebKeySet;
  /** For the protocol library, which wants its keys private, and the signing ones first. */
  readonly privateJwks: { keys: JWK[] };
  /** The public key with this `kid`, or undefined. */
  publicKey(kid: string): CryptoKey | undefined;
  /** Verifies what this ring signed with RS256. */
  verify: VerifyJwt;
  reload(): Promise<void>;
}

export interface CurrentKey {
  kid: string;
  alg: KeyAlgorithm;
  sign: SignJwt;
}

interface Loaded {
  current: CurrentKey;
  signers: ReadonlyMap<string, CurrentKey>;
  jwks: JSONWebKeySet;
  privateJwks: { keys: JWK[] };
  publicKeys: ReadonlyMap<string, CryptoKey>;
  verify: VerifyJwt;
}

/**
 * `onSign` is called for each signature.
 * @throws OperatorError when a key cannot be opened, or the set has none to sign with.
 */
export async function createKeyRing(
  store: SigningKeyStore,
  keySet: KeySet,
  { onSign }: { onSign: () => void },
): Promise<KeyRing> {
  const loadKeys = async () => load(await store.list(keySet), keySet, onSign);
  let loaded = await loadKeys();
  return {
    get current() {
      return loaded.current;
    },
    signer: (alg) => loaded.signers.get(alg),
    get jwks() {
      return loaded.jwks;
    },
    get privateJwks() {
      return loaded.privateJwks;
    },
    publicKey: (kid) => loaded.publicKeys.get(kid),
    verify: (token, typ) => loaded.verify(token, typ),
    async reload() {
      loaded = await loadKeys();
    },
  };
}

async function load(keys: SigningKey[], keySet: KeySet, onSign: () => void): Promise<Loaded> {
  const counted =
    (sign: SignJwt): SignJwt =>
    (claims, typ) => {
      onSign();
      return sign(claims, typ);
    };
  const signers = new Map<string, CurrentKey>();
  for (const { state, kid, alg, privateJwk } of keys) {
    if (state === 'current')
      signers.set(alg, { kid, alg, sign: counted(createSigner({ kid, alg, privateJwk })) });
  }
  const current = signers.get('RS256');
  if (!current) throw new OperatorError(`The key set ${keySet} has no current RS256 key.`);
  const imported = keys.map(
    async ({ kid, publicJwk, alg }) => [kid, await importKey(publicJwk, alg)] as const,
  );
  return {
    current,
    signers,
    jwks: { keys: keys.map(({ publicJwk }) => publicJwk) },
    privateJwks: { keys: keys.map(({ privateJwk }) => privateJwk) },
    publicKeys: new Map(await Promise.all(imported)),
    verify: createVerifier(keys),
  };
}

async function importKey(jwk: JWK, alg: string): Promise<CryptoKey> {
  return (await importJWK(jwk, alg)) as CryptoKey;
}
