import type { Client } from '../client.ts';
import type { PublishedKeys } from './published-keys.ts';
import type { KeySet } from './read-key-set.ts';

/** The keys with which a client signs assertions and requests: registered (`jwks`), or published (`jwks_uri`). */
export interface ClientKeys {
  /** @throws KeysUnavailable when they are published, and cannot be had. */
  of(client: Client): Promise<KeySet>;
  /** The client's keys of this moment, when `known` lacks one; undefined when these are they. */
  newerThan(known: KeySet, client: Client): Promise<KeySet | undefined>;
}

const NONE: KeySet = { keys: [] };

export function createClientKeys(published: PublishedKeys): ClientKeys {
  return {
    of: async ({ jwks, jwksUri }) =>
      jwksUri === null ? ((jwks as KeySet | null) ?? NONE) : published.at(jwksUri),
    newerThan: async (known, { jwksUri }) =>
      jwksUri === null ? undefined : published.newerThan(known, jwksUri),
  };
}
