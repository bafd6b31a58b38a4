import type { CurrentKey } from '../../keys/key-ring.ts';
import { encodeHeader } from '../../keys/sign-jwt.ts';
import type { KeyAlgorithm } from '../../keys/signing-key.ts';
import type { PublishedKey } from './preview-store.ts';

/** As long as the thumbprint of a key (RFC 7638), which every `kid` of ours is. */
const NO_KID = 'no-key-yet'.padEnd(43, '-');
/** In bytes; the usual RSA key has 2048 bits. */
const RSA_SIGNATURE = 256;
const OTHER_SIGNATURE = 64;

/** Signs nothing, with every algorithm. Tokens get their form and length, and zeros in place of a signature. */
export interface UnsignedKeys {
  readonly current: CurrentKey;
  signer(alg: KeyAlgorithm): CurrentKey;
}

/** `keys`: what everybody can read of the keys that would sign. */
export function unsignedKeys(keys: readonly PublishedKey[]): UnsignedKeys {
  const signer = (alg: KeyAlgorithm): CurrentKey => {
    const { kid, modulusBytes } = keys.find((key) => key.alg === alg) ?? { kid: NO_KID, modulusBytes: null };
    const isRsa = alg === 'RS256' || alg === 'PS256';
    const zeros = Buffer.alloc(isRsa ? (modulusBytes ?? RSA_SIGNATURE) : OTHER_SIGNATURE).toString(
      'base64url',
    );
    return {
      kid,
      alg,
      sign: async (claims, typ) =>
        `${encodeHeader({ alg, kid, typ })}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${zeros}`,
    };
  };
  return { current: signer('RS256'), signer };
}

/** A token as whoever gets it reads it. */
export interface DecodedToken {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** The length of the whole token, with a signature. */
  bytes: number;
}

export function decoded(token: string): DecodedToken {
  const [header = '', claims = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: read(header), claims: read(claims), bytes: Buffer.byteLength(token) };
}
