import { constants, type KeyObject } from 'node:crypto';
import type { KeyAlgorithm } from './signing-key.ts';

/** How Node's crypto makes and checks a signature of a JWT. */
interface SignatureAlgorithm {
  /** Null where the algorithm hashes by itself. */
  hash: 'sha256' | null;
  /** The options of the algorithm. They cost time, so other keys do without. */
  options?: { dsaEncoding: 'ieee-p1363' } | { padding: number; saltLength: number };
}

const SIGNATURE_ALGORITHMS: Readonly<Record<KeyAlgorithm, SignatureAlgorithm>> = {
  RS256: { hash: 'sha256' },
  // RFC 7518 section 3.5: the salt is as long as the hash.
  PS256: {
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  // RFC 7518 section 3.4: the signature is two numbers, not their ASN.1 form.
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  // RFC 8037 section 3.1, with Ed25519.
  EdDSA: { hash: null },
};

/** The first two arguments that `sign` and `verify` of `node:crypto` want beside the text. */
export function signatureOf(alg: KeyAlgorithm, key: KeyObject) {
  const { hash, options } = SIGNATURE_ALGORITHMS[alg];
  return { hash, key: options ? { key, ...options } : key };
}
