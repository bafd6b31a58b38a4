import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

/** Somebody who verifies tokens, as the guides say. */
export interface Verifier {
  /** Answers the `kid`. @throws when the token does not verify with the keys that it has in its cache. */
  verify(token: string): Promise<string>;
  /** Every key that it was ever given. */
  kids: ReadonlySet<string>;
}

/**
 * A verifier that is as slow to learn as one may be: it keeps the keys for `cacheMs`, and reads them again no sooner,
 * not even when a token names a key that is not among them.
 */
export function createCachingVerifier(jwksUrl: string, cacheMs: number): Verifier {
  const kids = new Set<string>();
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let keys: Promise<ReturnType<typeof createLocalJWKSet>> | undefined;

  const read = async () => {
    const response = await fetch(jwksUrl);
    const jwks = (await response.json()) as JSONWebKeySet;
    for (const { kid } of jwks.keys) kids.add(String(kid));
    return createLocalJWKSet(jwks);
  };
  return {
    kids,
    async verify(token) {
      if (!keys || performance.now() - fetchedAt > cacheMs) {
        fetchedAt = performance.now();
        keys = read();
      }
      const { protectedHeader } = await jwtVerify(token, await keys, { algorithms: ['RS256'] });
      return String(protectedHeader.kid);
    },
  };
}
