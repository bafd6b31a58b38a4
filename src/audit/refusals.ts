import { createHmac, hkdfSync } from 'node:crypto';
import { createRecent } from '../platform/copies/recent.ts';
import type { Queryable } from '../platform/database.ts';
import { type AuditEntry, type Origin, recordAudit } from './record.ts';

/**
 * Writes refusals, which anybody can cause as often as they like, into the trail: so many at once, and so many a minute
 * from then on. The next one that is written says in `detail.unwritten` how many were left out. The log has them all.
 */
export interface Refusals {
  /** `account` and `network` are counted each; `network` is the address, or its network. */
  record(entry: AuditEntry, about: { account?: string; network: string }, origin: Origin): Promise<void>;
  /** A keyed digest of an account's name, so that its refusals can be seen together, and nobody can guess the address. */
  digest(account: string): string;
}

interface Bound {
  atOnce: number;
  perMinute: number;
}

/** For one account, and one address. */
export const OF_ONE: Bound = { atOnce: 60, perMinute: 6 };
/** For each process. A flood that never ends adds 43,200 rows a day, about 30 MB. */
export const OF_ALL: Bound = { atOnce: 1000, perMinute: 30 };

const ALL = 'all';

export function createRefusals(db: Queryable, [key = Buffer.alloc(0)]: readonly Buffer[]): Refusals {
  const digestKey = Buffer.from(hkdfSync('sha256', key, '', 'refused accounts', 32));
  const place = createPlaces();
  let unwritten = 0;
  return {
    async record(entry, { account, network }, origin) {
      const names = [ALL, `network ${network}`, ...(account === undefined ? [] : [`account ${account}`])];
      if (!place(names)) {
        unwritten += 1;
        return;
      }
      const leftOut = unwritten;
      unwritten = 0;
      const detail = { ...entry.detail, ...(leftOut > 0 ? { unwritten: leftOut } : {}) };
      await recordAudit(db, { ...entry, detail }, origin);
    },
    digest: (account) =>
      createHmac('sha256', digestKey).update(account).digest('base64url').slice(0, DIGEST_LENGTH),
  };
}

const DIGEST_LENGTH = 16;

/** Takes a place in each named bucket, if all have one. Places come back with time. */
function createPlaces(): (names: readonly string[]) => boolean {
  const buckets = createRecent<{ places: number; since: number }>({ max: 20_000, ttlMs: 15 * 60_000 });
  const now = () => performance.now() / 60_000;
  return (names) => {
    const found = names.map((name) => {
      const { atOnce, perMinute } = name === ALL ? OF_ALL : OF_ONE;
      const { places, since } = buckets.get(name) ?? { places: atOnce, since: now() };
      return { name, places: Math.min(atOnce, places + (now() - since) * perMinute) };
    });
    const isFree = found.every(({ places }) => places >= 1);
    for (const { name, places } of found)
      buckets.set(name, { places: isFree ? places - 1 : places, since: now() });
    return isFree;
  };
}
