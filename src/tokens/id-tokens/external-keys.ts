import { type CompactVerifyGetKey, createRemoteJWKSet, customFetch, errors } from 'jose';
import { createRecent } from '../../platform/copies/recent.ts';
import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { issuerUnavailable } from './errors.ts';

/** Finds the key that signed a token among the keys published at an address. */
export type ExternalKeys = (jwksUri: string) => CompactVerifyGetKey;

const MOST_SETS = 100;

/**
 * The public keys of external issuers. A set is fetched when first needed and kept for `maxAgeMilliseconds`. An
 * unknown `kid` fetches it again, at most once in `cooldownMilliseconds`, so that nobody can make this server call an
 * issuer with every request.
 *
 * The returned function throws HttpError 503 when the keys cannot be fetched or read.
 */
export function createExternalKeys({
  fetch: fetchKeys,
  timeoutMilliseconds = 3000,
  cooldownMilliseconds = 30_000,
  maxAgeMilliseconds = 600_000,
  pauseMilliseconds = 2000,
}: {
  fetch: OutboundFetch;
  timeoutMilliseconds?: number;
  cooldownMilliseconds?: number;
  maxAgeMilliseconds?: number;
  /** How long a failed issuer is not called again. */
  pauseMilliseconds?: number;
}): ExternalKeys {
  const sets = createRecent<CompactVerifyGetKey>({ max: MOST_SETS });

  return (jwksUri) => {
    const known = sets.get(jwksUri);
    if (known) return known;
    const remote = createRemoteJWKSet(new URL(jwksUri), {
      timeoutDuration: timeoutMilliseconds,
      cooldownDuration: cooldownMilliseconds,
      cacheMaxAge: maxAgeMilliseconds,
      [customFetch]: fetchKeys,
    });
    let failure: { error: unknown; until: number } | undefined;
    const find: CompactVerifyGetKey = async (header, token) => {
      if (failure && failure.until > performance.now()) throw issuerUnavailable(jwksUri, failure.error);
      try {
        return await remote(header, token);
      } catch (error) {
        if (isOfToken(error)) throw error;
        failure = { error, until: performance.now() + pauseMilliseconds };
        throw issuerUnavailable(jwksUri, error);
      }
    };
    sets.set(jwksUri, find);
    return find;
  };
}

/** The token is to blame: it names none of the keys, or does not say which (OpenID Connect Core section 10.1). */
function isOfToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
}
