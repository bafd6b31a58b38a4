import { LRUCache } from 'lru-cache';
import type { Clock } from '../platform/clock.ts';
import { digestSecret, verifySecret } from '../platform/digest.ts';
import { withinShare } from '../platform/postgres/share.ts';
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
  /** When uses of secrets could not be noted; the clients are served all the same. */
  onError(error: unknown): void;
}): ClientSecrets {
  const noteUse = createNotes({ touch: store.touch, onError });

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

/**
 * Notes uses beside the requests, one after another: while the database is slow or away they take one connection, however
 * many clients there are. When one cannot be noted those that wait are let go, and their next use is as good.
 */
function createNotes({
  touch,
  onError,
}: {
  touch: ClientSecretStore['touch'];
  onError(error: unknown): void;
}): (clientId: string, name: string) => void {
  const noted = new LRUCache<string, true>({ max: 20_000, ttl: TOUCH_INTERVAL_MS });
  const waiting = new Map<string, [clientId: string, name: string]>();
  let working = false;

  const work = async () => {
    working = true;
    try {
      for (const [key, use] of waiting) {
        waiting.delete(key);
        // Not in the time of the request that happens to have begun this work.
        await withinShare('uses of secrets', () => touch(...use));
      }
    } catch (error) {
      waiting.clear();
      onError(error);
    }
    working = false;
  };

  return (clientId, name) => {
    const key = `${clientId} ${name}`;
    if (noted.has(key)) return;
    noted.set(key, true);
    waiting.set(key, [clientId, name]);
    if (!working) void work();
  };
}
