import type { Job } from '../platform/jobs.ts';
import type { Metrics } from '../platform/metrics.ts';
import { EXPIRING_TABLES, type ExpiredRowsStore } from './expired-rows-store.ts';

export interface HousekeepingPolicy {
  everyMs: number;
  /** Rows a statement deletes at most: small enough that nothing waits for it. */
  batchSize: number;
  /** Statements a run makes at most for a table; the rest waits for the next run. */
  maxBatches: number;
}

/**
 * Keeps the tables flat: deletes expired rows in small batches. Every replica tries, one at a time succeeds, by a
 * row lock that lasts one statement: no replica has to be the chosen one, and none can die holding the office.
 */
export function housekeeping({
  store,
  metrics,
  policy,
}: {
  store: ExpiredRowsStore;
  metrics: Metrics;
  policy: HousekeepingPolicy;
}): Job {
  return {
    name: 'housekeeping',
    everyMs: policy.everyMs,
    async run() {
      for (const table of EXPIRING_TABLES) {
        metrics.setExpiredLag(table, await store.lagSeconds(table));
        for (let batch = 0; batch < policy.maxBatches; batch += 1) {
          const deleted = await store.deleteBatch(table, policy.batchSize);
          metrics.countExpired(table, deleted);
          if (deleted < policy.batchSize) break;
        }
      }
    },
  };
}
