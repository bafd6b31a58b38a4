import type { Queryable } from '../platform/database.ts';

/**
 * Tables with rows that expire, and the indexed column with the time. A consumed row stays until then, so that a
 * second use is noticed. For rows that each use prolongs, the column has only the day (migration 0010). Grants outlive
 * an expired session: the trigger `end_session` heeds only a session that is deleted before it expired.
 */
export const EXPIRY_COLUMNS = {
  artifacts: 'expires_at',
  sessions: 'expired_by',
  refresh_families: 'expired_by',
  grants: 'expires_at',
  revoked_access_tokens: 'expires_at',
  used_proofs: 'expires_at',
  upstream_sign_ins: 'expires_at',
  pending_sign_ins: 'expires_at',
  denied_subjects: 'expires_at',
  guesses: 'expires_at',
  past_public_keys: 'expires_at',
  deliveries: 'expires_at',
  one_time_links: 'kept_until',
  link_requests: 'expires_at',
  refusals: 'expires_at',
} as const;

export type Expiring = keyof typeof EXPIRY_COLUMNS;

export const EXPIRING_TABLES = Object.keys(EXPIRY_COLUMNS) as Expiring[];

export interface ExpiredRowsStore {
  /**
   * Deletes at most `limit` expired rows, unless another replica is deleting. A lock on the row of `job_locks`, held
   * for one statement, decides.
   */
  deleteBatch(what: Expiring, limit: number): Promise<number>;
  /** How many seconds the oldest due row has been waiting; 0 when there is none. */
  lagSeconds(what: Expiring): Promise<number>;
}

/**
 * A row of `from` is due when its `expiry` is earlier than `before`. Then the row of `table` with the same `key` is
 * deleted, and the rows that refer to it.
 */
interface Due {
  table: string;
  key: string;
  from: string;
  expiry: string;
  before: string;
}

/** The longest lifetime of an access token, which works only while its grant exists. */
const LONGEST_ACCESS_TOKEN = "interval '1 day'";

/** The trail does not tell of grants that expired: the trigger `audit_grant` passes over this way. */
const MINE = `mine AS (
    SELECT FROM job_locks WHERE name = 'housekeeping' AND set_config('listo.way', 'job housekeeping', true) IS NOT NULL
    FOR UPDATE SKIP LOCKED
  )`;

/**
 * Takes the oldest rows of any kind: a search for one kind might read past millions of others. If a code expired
 * unredeemed, the statement deletes its grant, and the code goes with it.
 */
const DELETE_ARTIFACTS = `
  WITH ${MINE},
  due AS MATERIALIZED (
    SELECT ctid, grant_id, consumed_at FROM artifacts WHERE expires_at < now() AND EXISTS (SELECT FROM mine)
    ORDER BY expires_at LIMIT ?
  ),
  useless AS (
    DELETE FROM grants WHERE id = ANY (ARRAY(
      SELECT t.id FROM grants t WHERE t.id IN (SELECT grant_id FROM due WHERE consumed_at IS NULL)
      FOR UPDATE SKIP LOCKED))
    RETURNING 1
  ),
  spent AS (
    DELETE FROM artifacts WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM due WHERE grant_id IS NULL OR consumed_at IS NOT NULL))
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM useless)::int + (SELECT count(*) FROM spent)::int AS deleted`;

/**
 * Rows that refuse something until it expires by a process's clock. A clock that is a few seconds behind the database's
 * is tolerated, so these rows stay a little longer.
 */
const KEPT_LONGER: readonly Expiring[] = ['revoked_access_tokens', 'used_proofs'];
const TOLERATED_CLOCK_DIFFERENCE = "interval '1 minute'";

/**
 * A grant may live for a year. It becomes useless when its code expires unredeemed, or when its refresh tokens expire
 * and then its last access token. Grants are locked before rows that refer to them, as everywhere, so there are no
 * deadlocks.
 */
function dueOf(what: Expiring): Due {
  const expiry = EXPIRY_COLUMNS[what];
  if (what === 'refresh_families')
    return {
      table: 'grants',
      key: 'id',
      from: 'refresh_families e JOIN grants t ON t.id = e.grant_id',
      expiry: `e.${expiry}`,
      before: `now() - ${LONGEST_ACCESS_TOKEN}`,
    };
  const before = KEPT_LONGER.includes(what) ? `now() - ${TOLERATED_CLOCK_DIFFERENCE}` : 'now()';
  return { table: what, key: 'ctid', from: `${what} t`, expiry: `t.${expiry}`, before };
}

export function createExpiredRowsStore(db: Queryable): ExpiredRowsStore {
  return {
    async deleteBatch(what, limit) {
      if (what === 'artifacts') {
        const { rows } = await db.raw<{ rows: [{ deleted: number }] }>(DELETE_ARTIFACTS, [limit]);
        return rows[0].deleted;
      }
      const { table, key, from, expiry, before } = dueOf(what);
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `WITH ${MINE}
         DELETE FROM ${table} WHERE ${key} = ANY (ARRAY(
           SELECT t.${key} FROM ${from} WHERE ${expiry} < ${before} AND EXISTS (SELECT FROM mine)
           ORDER BY ${expiry} LIMIT ? FOR UPDATE OF t SKIP LOCKED))`,
        [limit],
      );
      return rowCount;
    },

    async lagSeconds(what) {
      const { from, expiry, before } = dueOf(what);
      const { rows } = await db.raw<{ rows: { lag: number }[] }>(
        `SELECT extract(epoch FROM ${before} - ${expiry})::float8 AS lag FROM ${from} WHERE ${expiry} < ${before}
         ORDER BY ${expiry} LIMIT 1`,
      );
      return rows[0]?.lag ?? 0;
    },
  };
}
