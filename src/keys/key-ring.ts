import { type CryptoKey, importJWK, type JSONWebKeySet, type JWK } from 'jose';
import { type Followed, keepCopy } from '../platform/copies/kept-copy.ts';
import { OperatorError } from '../platform/errors.ts';
import { boundedLog, type Logger } from '../platform/log/logger.ts';
import { createSigner, type SignJwt } from './sign-jwt.ts';
import type { KeyAlgorithm, KeySet, SigningKey } from './signing-key.ts';
import type { SigningKeyStore } from './signing-key-store.ts';
import { createVerifier, type VerifyJwt } from './verify-jwt.ts';

/**
 * The keys of one set, ready to use. Each key is converted once, because that costs as much as a signature. The
 * members change when the ring follows the database, so read them anew each time.
 */
export interface KeyRing extends Followed {
  /** The key that signs RS256 now. */
  readonly current: CurrentKey;
  /** The key that signs with `alg` now. It is undefined for a second or two after the first client asked for `alg`. */
  signer(alg: KeyAlgorithm): CurrentKey | undefined;
  /** The keys for verifiers: only public members, in the order current, retired, next. */
  readonly jwks: JSONWebKeySet;
  /** The keys for the protocol library, which needs the private members, and the signing keys first. */
  readonly privateJwks: { keys: JWK[] };
  /** The public key with this `kid`. */
  publicKey(kid: string): CryptoKey | undefined;
  /** Verifies a JWT that a key of this ring signed. */
  verify: VerifyJwt;
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

/** Hears of each signature. */
interface TokenListener {
  onSign(): void;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** The default limit for a header of common proxies; half of Node's. */
const LARGE_TOKEN_BYTES = 8 * 1024;

/** @throws OperatorError when a key cannot be opened, or the set has no current key. */
export async function createKeyRing(
  store: SigningKeyStore,
  keySet: KeySet,
  listener: TokenListener,
): Promise<KeyRing> {
  const copy = await keepCopy(async () => {
    const { version, content } = await store.read(keySet);
    return { version, content: await load(content, keySet, listener) };
  });
  return {
    get current() {
      return copy.content.current;
    },
    signer: (alg) => copy.content.signers.get(alg),
    get jwks() {
      return copy.content.jwks;
    },
    get privateJwks() {
      return copy.content.privateJwks;
    },
    publicKey: (kid) => copy.content.publicKeys.get(kid),
    verify: (token, typ) => copy.content.verify(token, typ),
    get confirmedAt() {
      return copy.confirmedAt;
    },
    follow: copy.follow,
    reload: copy.reload,
  };
}

async function load(keys: SigningKey[], keySet: KeySet, listener: TokenListener): Promise<Loaded> {
  const signers = new Map<string, CurrentKey>();
  for (const { state, kid, alg, privateJwk } of keys) {
    if (state === 'current')
      signers.set(alg, {
        kid,
        alg,
        sign: heard(createSigner({ kid, alg, privateJwk }), listener),
      });
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

function heard(sign: SignJwt, { onSign, logger }: TokenListener): SignJwt {
  const warn = boundedLog(logger, { level: 'warn', perSecond: 1 });
  return async (claims, typ) => {
    onSign();
    const token = await sign(claims, typ);
    if (token.length > LARGE_TOKEN_BYTES) {
      const { aud, sub } = claims as { aud?: unknown; sub?: unknown };
      warn(
        { typ, aud, sub, bytes: token.length },
        'A token is larger than 8 kB: proxies and servers may refuse the header or address that it comes in.',
      );
    }
    return token;
  };
}

async function importKey(jwk: JWK, alg: string): Promise<CryptoKey> {
  return (await importJWK(jwk, alg)) as CryptoKey;
}
