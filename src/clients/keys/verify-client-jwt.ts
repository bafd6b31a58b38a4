import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import type { Client } from '../client.ts';
import { clientAlgorithms } from '../security-profile.ts';
import type { ClientKeys } from './client-keys.ts';
import type { KeySet } from './read-key-set.ts';

/** The keys of each set, ready for use. */
const ready = new WeakMap<KeySet, ReturnType<typeof createLocalJWKSet>>();

interface Expected extends Omit<JWTVerifyOptions, 'algorithms' | 'issuer' | 'typ'> {
  client: Client;
  /** The values of `typ`, in lower case. */
  types: readonly string[];
}

/**
 * Verifies a JWT that a client issued and signed. Where none of its keys signed it, and the client publishes them, they
 * are fetched once more: the client may have a new one.
 * @throws KeysUnavailable when the keys cannot be had, and an error of `jose` for a JWT that is not valid.
 */
export async function verifyClientJwt(
  jwt: string,
  { client, types, ...others }: Expected,
  dependencies: { clientKeys: ClientKeys },
): Promise<JWTPayload> {
  const options = { ...others, issuer: client.id, algorithms: [...clientAlgorithms(client)] };
  const { payload, protectedHeader } = await verifyWithKeysOf(client, jwt, options, dependencies);
  if (!isOfType(protectedHeader, types))
    throw new errors.JWTClaimValidationFailed('it is another JWT', payload, 'typ', 'check_failed');
  return payload;
}

/** RFC 8725 section 3.11: a JWT of another kind does not count. Some libraries name none. */
function isOfType({ typ }: { typ?: unknown }, types: readonly string[]): boolean {
  return typ === undefined || (typeof typ === 'string' && types.includes(typ.toLowerCase()));
}

async function verifyWithKeysOf(
  client: Client,
  jwt: string,
  options: JWTVerifyOptions,
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
    return await jwtVerify(jwt, keys, options).catch(ifUnusableKey);
  } catch (error) {
    const candidates = error instanceof errors.JWKSMultipleMatchingKeys ? error : [];
    for await (const key of candidates) {
      const verified = await jwtVerify(jwt, key, options).catch(ifUnusableKey).catch(ifOtherKey);
      if (verified) return verified;
    }
    throw error;
  }
}

/** A key that is no point of its curve, or is too short, has signed nothing. `jose` has no error of its own for it. */
function ifUnusableKey(error: Error): never {
  if (error instanceof errors.JOSEError) throw error;
  throw new errors.JWSSignatureVerificationFailed(error.message, { cause: error });
}

/** A JWT without a `kid` may be of any key. */
function ifOtherKey(error: unknown): undefined {
  if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
  throw error;
}
