import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.ts';
import { digestSecret, verifySecret } from '../platform/digest.ts';
import type { ClientSecretStore, StoredSecret } from './client-secret-store.ts';

/** What verifying takes. The expiry is held against the time of use; Postgres' `infinity` arrives as a number. */
export type KnownSecret = Pick<StoredSecret, 'name' | 'digest'> & { expiresAt: Date | number | null };

/** Verifies a presented client secret against every live one; several may be, while one replaces another. */
export interface ClientSecrets {
  verify(clientId: string, secret: string): Promise<boolean>;
}

const TOUCH_INTERVAL_MS = 60_000;

/** Compared with when there is nothing else, so that an unknown client costs what a wrong secret costs. */
const NOBODYS_DIGEST = digestSecret(crypto.randomUUID());

export function createClientSecrets({
  store,
  clock,
  onError,
}: {
  store: {
    list(clientId: string): readonly KnownSecret[] | Promise<readonly KnownSecret[]>;
    touch: ClientSecretStore['touch'];
  };
  clock: Clock;
  /** When a secret's use could not be noted; the client is served all the same. */
  onError(error: unknown): void;
}): ClientSecrets {
  const touched = new LRUCache<string, true>({ max: 20_000, ttl: TOUCH_INTERVAL_MS });

  const noteUse = (clientId: string, name: string) => {
    const key = `${clientId} ${name}`;
    if (touched.has(key)) return;
    touched.set(key, true);
    store.touch(clientId, name).catch(onError);
  };

  return {
    async verify(clientId, secret) {
      const now = clock.now();
      const live = (await store.list(clientId)).filter(
        ({ expiresAt }) => expiresAt === null || expiresAt > now,
      );
      if (live.length === 0) await verifySecret(secret, NOBODYS_DIGEST);
      let match: string | undefined;
      for (const { name, digest } of live) {
        // All are compared, so that the time taken does not say which one matched.
        if (await verifySecret(secret, digest)) match ??= name;
      }
      if (match === undefined) return false;
      noteUse(clientId, match);
      return true;
    },
  };
}
