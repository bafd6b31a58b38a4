import { type CryptoKey, importJWK } from 'jose';
import type { KeySet } from '../../../src/keys/signing-key.ts';
import type { TestServer } from '../servers/test-server.ts';

/** The private key with which a server signs now, for tokens that the server would never sign. */
export async function signingKey({ services }: TestServer, keySet: KeySet = 'oidc'): Promise<CryptoKey> {
  const [jwk = {}] = services.keyRings[keySet].privateJwks.keys;
  return (await importJWK(jwk, 'RS256')) as CryptoKey;
}
