import { createPublicKey, verify as verifySignature } from 'node:crypto';
import type { JWK } from 'jose';
import { encodeHeader } from './sign-jwt.ts';
import type { KeyAlgorithm } from './signing-key.ts';

/**
 * Returns the claims of a JWT that one of these keys signed as a `typ`, otherwise undefined. It checks neither times
 * nor issuer nor audience.
 */
export type VerifyJwt = (token: string, typ: string) => Record<string, unknown> | undefined;

interface VerificationKey {
  kid: string;
  alg: KeyAlgorithm;
  publicJwk: JWK;
}

/**
 * Verifies JWTs (RFC 7519) that this server signed with RS256. Our headers have one spelling for each key and `typ`,
 * so they are compared as text. The content of another header, be it an algorithm, a key or an extension, is never
 * read.
 */
export function createVerifier(keys: readonly VerificationKey[]): VerifyJwt {
  const ours = keys
    .filter(({ alg }) => alg === 'RS256')
    .map(({ kid, alg, publicJwk }) => ({
      kid,
      alg,
      publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }),
    }));
  const keysByHeader = new Map<string, Map<string, (typeof ours)[number]>>();
  const headersOf = (typ: string) => {
    let headers = keysByHeader.get(typ);
    if (!headers) {
      headers = new Map(ours.map((key) => [encodeHeader({ ...key, typ }), key]));
      keysByHeader.set(typ, headers);
    }
    return headers;
  };

  return (token, typ) => {
    const [header = '', payload = '', signature = '', ...more] = token.split('.');
    const key = headersOf(typ).get(header);
    if (!key || more.length > 0) return undefined;
    const bytes = Buffer.from(signature, 'base64url');
    // Node skips characters that are not base64url, and the last character has spare bits. Only the one spelling is
    // ours.
    if (bytes.toString('base64url') !== signature) return undefined;
    if (!verifySignature('sha256', Buffer.from(`${header}.${payload}`), key.publicKey, bytes))
      return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  };
}
