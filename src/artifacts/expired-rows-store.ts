import type { Queryable } from '../platform/database.ts';

/** Tables whose rows end at `expires_at`; consumed ones stay until then, so that a second use is still seen. */
export const EXPIRING_TABLES = [
  'artifacts',
  'sessions',
  'refresh_families',
  'grants',
  'revoked_access_tokens',
  'used_proofs',
  'upstream_sign_ins',
  'denied_subjects',
] as const;

/** What becomes useless with time, in the order in which it is deleted. */
export const EXPIRING = ['unredeemed_codes', ...EXPIRING_TABLES] as const;

export type Expiring = (typeof EXPIRING)[number];

export interface ExpiredRowsStore {
  /**
   * Deletes at most `limit` expired rows, unless another replica is at it just now: whoever holds the row of
   * `job_locks` deletes, for the length of one statement. Uses an index on `expires_at`.
   */
  deleteBatch(what: Expiring, limit: number): Promise<number>;
  /** How long the oldest row has been waiting since it was due, in seconds; 0 when there is none. */
  lagSeconds(what: Expiring): Promise<number>;
}

/**
 * Rows of `from` are due when `expiry` is earlier than `before`; the row of `table` that `key` finds is deleted, and what
 * refers to it goes with it.
 */
interface Due {
  table: string;
  key: string;
  from: string;
  expiry: string;
  before: string;
  /** What else has to be true of them. */
  where: string;
}

/** No access token lives longer, and it is good only while its grant is there. */
const LONGEST_ACCESS_TOKEN = "interval '1 day'";

/**
 * A grant may live for a year. It is useless once its code expired unredeemed, or its refresh tokens expired and
 * then the last access token. Grants are locked before what refers to them, as everywhere, so nobody deadlocks.
 */
const DUE: Partial<Record<Expiring, Due>> = {
  unredeemed_codes: {
    table: 'grants',
    key: 'id',
    from: 'artifacts e JOIN grants t ON t.id = e.grant_id',
    expiry: 'e.expires_at',
    before: 'now()',
    where: 'e.consumed_at IS NULL',
  },
  artifacts: {
    table: 'artifacts',
    key: 'ctid',
    from: 'artifacts t',
    expiry: 't.expires_at',
    before: 'now()',
    where: '(t.grant_id IS NULL OR t.consumed_at IS NOT NULL)',
  },
  refresh_families: {
    table: 'grants',
    key: 'id',
    from: 'refresh_families e JOIN grants t ON t.id = e.grant_id',
    expiry: 'e.expires_at',
    before: `now() - ${LONGEST_ACCESS_TOKEN}`,
    where: 'true',
  },
};

function dueOf(what: Expiring): Due {
  return (
    DUE[what] ?? {
      table: what,
      key: 'ctid',
      from: `${what} t`,
      expiry: 't.expires_at',
      before: 'now()',
      where: 'true',
    }
  );
}

export function createExpiredRowsStore(db: Queryable): ExpiredRowsStore {
  return {
    async deleteBatch(what, limit) {
      const { table, key, from, expiry, before, where } = dueOf(what);
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `WITH mine AS (SELECT FROM job_locks WHERE name = 'housekeeping' FOR UPDATE SKIP LOCKED)
         DELETE FROM ${table} WHERE ${key} = ANY (ARRAY(
           SELECT t.${key} FROM ${from} WHERE ${expiry} < ${before} AND ${where} AND EXISTS (SELECT FROM mine)
           ORDER BY ${expiry} LIMIT ? FOR UPDATE OF t SKIP LOCKED))`,
        [limit],
      );
      return rowCount;
    },

    async lagSeconds(what) {
      const { from, expiry, before, where } = dueOf(what);
      const { rows } = await db.raw<{ rows: { lag: number }[] }>(
        `SELECT extract(epoch FROM ${before} - ${expiry})::float8 AS lag FROM ${from} WHERE ${expiry} < ${before} AND ${where}
         ORDER BY ${expiry} LIMIT 1`,
      );
      return rows[0]?.lag ?? 0;
    },
  };
}
