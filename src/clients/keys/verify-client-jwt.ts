import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { Client } from '../client.ts';
import type { ClientKeys } from './client-keys.ts';
import type { KeySet } from './read-key-set.ts';

/** The keys of each set, ready for use. */
const ready = new WeakMap<KeySet, ReturnType<typeof createLocalJWKSet>>();

/**
 * Verifies a JWT with a client's keys. Where none of them signed it, and the client publishes its keys, they are fetched
 * once more: the client may have a new one.
 * @throws KeysUnavailable when the keys cannot be had, and an error of `jose` for a JWT that is not valid.
 */
export async function verifyClientJwt(
  jwt: string,
  { client, ...options }: JWTVerifyOptions & { client: Client },
  { clientKeys }: { clientKeys: ClientKeys },
): Promise<JWTVerifyResult> {
  const known = await clientKeys.of(client);
  try {
    return await verifyWith(known, jwt, options);
  } catch (error) {
    const newer = isOfNoKey(error) ? await clientKeys.newerThan(known, client) : undefined;
    if (!newer) throw error;
    return verifyWith(newer, jwt, options);
  }
}

function isOfNoKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JWSSignatureVerificationFailed
  );
}

async function verifyWith(set: KeySet, jwt: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  const keys = ready.get(set) ?? createLocalJWKSet(set as JSONWebKeySet);
  ready.set(set, keys);
  try {
    return await jwtVerify(jwt, keys, options);
  } catch (error) {
    const candidates = error instanceof errors.JWKSMultipleMatchingKeys ? error : [];
    for await (const key of candidates) {
      const verified = await jwtVerify(jwt, key, options).catch(ifOtherKey);
      if (verified) return verified;
    }
    throw error;
  }
}

/** A JWT without a `kid` may be of any key. */
function ifOtherKey(error: unknown): undefined {
  if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
  throw error;
}
