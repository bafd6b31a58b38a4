import { LRUCache } from 'lru-cache';
import { digestSecret, isSlow, verifySecret } from '../platform/digest.ts';
import type { HashQueue } from '../platform/hash-queue.ts';
import { withinShare } from '../platform/postgres/share.ts';
import { compareGuarded } from '../platform/slow-comparisons.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { ClientSecretStore, StoredSecret } from './client-secret-store.ts';
import { createProvenSecrets } from './proven-secrets.ts';

/** The columns for verifying. `expiresAt` is checked at each use; Postgres' `infinity` arrives as a number. */
export type KnownSecret = Pick<StoredSecret, 'name' | 'digest'> & { expiresAt: Date | number | null };

/** Verifies a presented client secret against all live ones. A client has several while one replaces another. */
export interface ClientSecrets {
  verify(clientId: string, secret: string): Promise<boolean>;
}

const TOUCH_INTERVAL_MS = 60_000;

/** An unknown client's secret is compared with this, so that it takes as long as a wrong secret. */
const NOBODYS_DIGEST = digestSecret(crypto.randomUUID());

export function createClientSecrets({
  store,
  clock,
  hashes,
  onError,
}: {
  store: {
    list(clientId: string): readonly KnownSecret[] | Promise<readonly KnownSecret[]>;
    touch: ClientSecretStore['touch'];
  };
  clock: Clock;
  hashes: HashQueue;
  /** Called when uses could not be noted. Clients are served all the same. */
  onError(error: unknown): void;
}): ClientSecrets {
  const noteUse = createNotes({ touch: store.touch, onError });
  const proven = createProvenSecrets();

  return {
    async verify(clientId, secret) {
      const now = clock.now();
      const live = (await store.list(clientId)).filter(
        ({ expiresAt }) => expiresAt === null || expiresAt > now,
      );
      if (live.length === 0) await verifySecret(secret, NOBODYS_DIGEST);
      const match =
        live.find(({ digest }) => proven.has(secret, digest)) ??
        (live.some(({ digest }) => isSlow(digest))
          ? await hashes.run(clientId, () => findMatchGuarded(secret, live))
          : await findMatch(secret, live));
      if (match === undefined) return false;
      if (isSlow(match.digest)) proven.add(secret, match.digest);
      noteUse(clientId, match.name);
      return true;
    },
  };
}

async function findMatchGuarded(
  secret: string,
  live: readonly KnownSecret[],
): Promise<KnownSecret | undefined> {
  let match: KnownSecret | undefined;
  await compareGuarded(async () => {
    match = await findMatch(secret, live);
    return match !== undefined;
  });
  return match;
}

/** Compares all, so that the time does not reveal which one matched. */
async function findMatch(secret: string, live: readonly KnownSecret[]): Promise<KnownSecret | undefined> {
  let match: KnownSecret | undefined;
  for (const known of live) if (await verifySecret(secret, known.digest)) match ??= known;
  return match;
}

/**
 * Notes uses in the background, one after another. So they take one connection while the database is slow or away,
 * however many clients there are. When a note fails, the waiting ones are dropped: the clients' next uses serve as
 * well.
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
        // The work must not use up the time of the request that happened to begin it.
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
