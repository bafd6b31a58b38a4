import type { Job } from '../platform/jobs.ts';
import type { Logger } from '../platform/log/logger.ts';
import type { AuditMonthsStore } from './months-store.ts';

/** Keeps the audit trail as long as configured. Months are dropped whole, so that this costs nothing, however many rows. */
export function keepAuditMonths({
  store,
  logger,
  months,
  everyMs,
}: {
  store: AuditMonthsStore;
  logger: Logger;
  /** How many whole months stay before this one. */
  months: number;
  everyMs: number;
}): Job {
  return {
    name: 'audit-months',
    everyMs,
    async run() {
      const { dropped } = await store.keep(months);
      if (dropped > 0) logger.info({ months: dropped }, 'old months of the audit trail were dropped');
    },
  };
}
