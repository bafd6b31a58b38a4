import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '../platform/jobs.ts';
import type { Metrics } from '../platform/metrics.ts';
import { EXPIRING_TABLES, type ExpiredRowsStore } from './expired-rows-store.ts';

export interface HousekeepingPolicy {
  everyMs: number;
  /** The most rows that one statement deletes: few enough that nothing waits for it. */
  batchSize: number;
}

/**
 * Keeps the tables small. It deletes expired rows in small batches until none is left, and pauses after each batch as
 * long as the batch took, so that a backlog of millions leaves the database time for others. All replicas try; a row
 * lock, held for one statement, lets one at a time succeed. So no replica is special, and a crashed one blocks
 * nobody.
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
