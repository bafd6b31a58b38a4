import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

/** Verifies tokens as the guides say. */
export interface Verifier {
  /** Returns the `kid`. @throws when the token does not verify with the cached keys. */
  verify(token: string): Promise<string>;
  /** Every key that it ever received, with the number of the fetch that brought it first. */
  kids: ReadonlyMap<string, number>;
}

/**
 * The slowest verifier that the guides allow: it keeps the keys for `cacheMs` and does not read them earlier, even
 * when a token names an unknown key.
 */
export function createCachingVerifier(jwksUrl: string, cacheMs: number): Verifier {
  const kids = new Map<string, number>();
  let fetches = 0;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let keys: Promise<ReturnType<typeof createLocalJWKSet>> | undefined;

  const read = async () => {
    const response = await fetch(jwksUrl);
    const jwks = (await response.json()) as JSONWebKeySet;
    fetches += 1;
    for (const { kid } of jwks.keys) if (!kids.has(String(kid))) kids.set(String(kid), fetches);
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
