import type { Queryable } from '../platform/database.ts';

/** Tables whose rows end at `expires_at`; consumed ones stay until then, so that a second use is still seen. */
export const EXPIRING_TABLES = [
  'artifacts',
  'refresh_families',
  'grants',
  'revoked_access_tokens',
  'upstream_sign_ins',
  'denied_subjects',
] as const;

export type ExpiringTable = (typeof EXPIRING_TABLES)[number];

export interface ExpiredRowsStore {
  /**
   * Deletes at most `limit` expired rows, unless another replica is at it just now: whoever holds the row of
   * `job_locks` deletes, for the length of one statement. Uses the table's index on `expires_at`.
   */
  deleteBatch(table: ExpiringTable, limit: number): Promise<number>;
  /** How long the oldest expired row has been waiting, in seconds; 0 when there is none. */
  lagSeconds(table: ExpiringTable): Promise<number>;
}

export function createExpiredRowsStore(db: Queryable): ExpiredRowsStore {
  return {
    async deleteBatch(table, limit) {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        `WITH mine AS (SELECT FROM job_locks WHERE name = 'housekeeping' FOR UPDATE SKIP LOCKED)
         DELETE FROM ?? WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM ?? WHERE expires_at < now() AND EXISTS (SELECT FROM mine)
           ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED))`,
        [table, table, limit],
      );
      return rowCount;
    },

    async lagSeconds(table) {
      const { rows } = await db.raw<{ rows: { lag: number | null }[] }>(
        'SELECT extract(epoch FROM now() - min(expires_at))::float8 AS lag FROM ?? WHERE expires_at < now()',
        [table],
      );
      return rows[0]?.lag ?? 0;
    },
  };
}
