import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '../platform/jobs.ts';
import type { Metrics } from '../platform/metrics.ts';
import { EXPIRING_TABLES, type ExpiredRowsStore } from './expired-rows-store.ts';

export interface HousekeepingPolicy {
  everyMs: number;
  /** Rows a statement deletes at most: small enough that nothing waits for it. */
  batchSize: number;
}

/**
 * Keeps the tables flat: deletes expired rows in small batches, until none is left, and rests as long after each as
 * it took, so that a backlog of millions never has the database to itself. Every replica tries, one at a time
 * succeeds, by a row lock that lasts one statement: no replica has to be the chosen one, and none can die holding
 * the office.
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
    async run(stopped) {
      for (const what of EXPIRING_TABLES) {
        let deleted = policy.batchSize;
        while (deleted === policy.batchSize && !stopped.aborted) {
          const started = performance.now();
          metrics.setExpiredLag(what, await store.lagSeconds(what));
          deleted = await store.deleteBatch(what, policy.batchSize);
          metrics.countExpired(what, deleted);
          if (deleted === policy.batchSize) await pause(performance.now() - started);
        }
      }
    },
  };
}
