import { createHmac, hkdfSync } from 'node:crypto';
import type { Queryable } from '../platform/database.ts';
import { type Bound, createPlaces } from '../platform/places.ts';
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

/** For one account, and one address. */
export const OF_ONE: Bound = { atOnce: 60, perMinute: 6 };
/** For each process. A flood that never ends adds 43,200 rows a day, about 30 MB. */
export const OF_ALL: Bound = { atOnce: 1000, perMinute: 30 };

const ALL = 'all';

export function createRefusals(db: Queryable, [key = Buffer.alloc(0)]: readonly Buffer[]): Refusals {
  const digestKey = Buffer.from(hkdfSync('sha256', key, '', 'refused accounts', 32));
  const place = createPlaces((name) => (name === ALL ? OF_ALL : OF_ONE));
  let unwritten = 0;
  return {
    async record(entry, { account, network }, origin) {
      const names = [ALL, `network ${network}`, ...(account === undefined ? [] : [`account ${account}`])];
      if (place(names) !== undefined) {
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
