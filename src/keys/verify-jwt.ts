import { createPublicKey, verify as verifySignature } from 'node:crypto';
import type { JWK } from 'jose';
import { encodeHeader } from './sign-jwt.ts';
import { signatureOf } from './signature-algorithms.ts';
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
 * Verifies JWTs (RFC 7519) that this server signed. Our headers have one spelling for each key and `typ`, so they are
 * compared as text: a key verifies its own algorithm alone. The content of another header, be it an algorithm, a key or
 * an extension, is never read.
 */
export function createVerifier(keys: readonly VerificationKey[]): VerifyJwt {
  const signatures = keys.map(({ kid, alg, publicJwk }) => ({
    kid,
    alg,
    signature: signatureOf(alg, createPublicKey({ key: publicJwk, format: 'jwk' })),
  }));
  const keysByHeader = new Map<string, Map<string, (typeof signatures)[number]['signature']>>();
  const headersOf = (typ: string) => {
    let headers = keysByHeader.get(typ);
    if (!headers) {
      headers = new Map(
        signatures.map(({ kid, alg, signature }) => [encodeHeader({ alg, kid, typ }), signature]),
      );
      keysByHeader.set(typ, headers);
    }
    return headers;
  };

  return (token, typ) => {
    const [header = '', payload = '', signature = '', ...more] = token.split('.');
    const ours = headersOf(typ).get(header);
    if (!ours || more.length > 0) return undefined;
    const bytes = Buffer.from(signature, 'base64url');
    // Node skips characters that are not base64url, and the last character has spare bits. Only the one spelling is
    // ours.
    if (bytes.toString('base64url') !== signature) return undefined;
    if (!verifySignature(ours.hash, Buffer.from(`${header}.${payload}`), ours.key, bytes)) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  };
}
