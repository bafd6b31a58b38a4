import type { Queryable } from '../platform/database.ts';

/** The months of the audit trail, each a partition. */
export interface AuditMonthsStore {
  /**
   * Makes the next months and drops those before the `keep` whole months that stay, unless another replica is at it.
   * Both need a moment in which nobody uses the trail; if that does not come soon, the next run tries again.
   */
  keep(months: number): Promise<{ dropped: number }>;
}

/** Sign-ins wait for as long, while this waits for others. */
const PATIENCE = '300ms';
const LOCK_NOT_AVAILABLE = '55P03';

export function createAuditMonthsStore(db: Queryable): AuditMonthsStore {
  return {
    async keep(months) {
      try {
        return await db.transaction(async (trx) => {
          await trx.raw(`SET LOCAL lock_timeout = '${PATIENCE}'`);
          const { rows } = await trx.raw<{ rows: { dropped: number }[] }>(
            `WITH mine AS (SELECT FROM job_locks WHERE name = 'housekeeping' FOR UPDATE SKIP LOCKED),
             made AS MATERIALIZED (SELECT make_audit_months() FROM mine)
             SELECT drop_audit_months(?) AS dropped FROM made`,
            [months],
          );
          return { dropped: rows[0]?.dropped ?? 0 };
        });
      } catch (error) {
        if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
        return { dropped: 0 };
      }
    },
  };
}
