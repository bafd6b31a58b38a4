import {
  type CompactVerifyGetKey,
  compactVerify,
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
} from 'jose';
import { OutboundFailure, type OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { isServerFailure } from './upstream-failure.ts';

const KEYS_TTL_MS = 5 * 60 * 1000;

/** Returns the payload of a JWT of the provider. @throws when none of its keys has signed the JWT. */
export type VerifySignature = (jwt: string) => Promise<Uint8Array>;

/**
 * Some providers name their keys nowhere, only in their tokens, or only in the key set. Then every key that has no other
 * name is tried. A set that was read more than half a minute ago is read again before a signature counts as wrong.
 */
export function createSignatureCheck(keysUrl: URL, fetch: OutboundFetch): VerifySignature {
  const keys = createRemoteJWKSet(keysUrl, {
    cacheMaxAge: KEYS_TTL_MS,
    [customFetch]: async (url, init) => {
      const response = await fetch(url, init);
      if (!isServerFailure(response.status)) return response;
      throw new OutboundFailure(`${keysUrl.host} answered ${response.status}.`);
    },
  });
  const keyOf: CompactVerifyGetKey = async (header, token) => {
    const { kid, ...unnamed } = header;
    try {
      return await keys(typeof kid === 'string' ? header : unnamed, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const nameless = (keys.jwks()?.keys ?? []).filter((key) => key.kid === undefined);
      return createLocalJWKSet({ keys: nameless })(unnamed, token);
    }
  };
  return async (jwt) => {
    try {
      return await verify(jwt, keyOf);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed) || keys.coolingDown) throw error;
      await keys.reload();
      return verify(jwt, keyOf);
    }
  };
}

async function verify(jwt: string, keyOf: CompactVerifyGetKey): Promise<Uint8Array> {
  try {
    return (await compactVerify(jwt, keyOf)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await compactVerify(jwt, key)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
