import { createPrivateKey, sign } from 'node:crypto';
import type { JWK } from 'jose';
import { signatureOf } from './signature-algorithms.ts';
import type { KeyAlgorithm } from './signing-key.ts';

/** Makes a JWT (RFC 7519) of `claims` with the header `typ`. Rejects when the signature fails. */
export type SignJwt = (claims: object, typ: string) => Promise<string>;

/**
 * The key is converted once and each header encoded once, which leaves only the signature. It is made on the main thread,
 * because the way to another one and back costs more than it gives. Hashes of passwords, which are made elsewhere, give
 * way to it (platform/secrets/yielding-threads.ts).
 */
export function createSigner({
  kid,
  alg,
  privateJwk,
}: {
  kid: string;
  alg: KeyAlgorithm;
  privateJwk: JWK;
}): SignJwt {
  const { hash, key } = signatureOf(alg, createPrivateKey({ key: privateJwk, format: 'jwk' }));
  const headers = new Map<string, string>();
  const headerOf = (typ: string) => {
    let header = headers.get(typ);
    if (header === undefined) {
      header = encodeHeader({ alg, kid, typ });
      headers.set(typ, header);
    }
    return header;
  };

  return async (claims, typ) => {
    const input = `${headerOf(typ)}.${base64url(claims)}`;
    return `${input}.${sign(hash, Buffer.from(input), key).toString('base64url')}`;
  };
}

/** The encoded header of our JWTs: the part before the first dot. */
export function encodeHeader({ alg, kid, typ }: { alg: KeyAlgorithm; kid: string; typ: string }): string {
  return base64url({ alg, kid, typ });
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
