import { createExpiredRowsStore, EXPIRING_TABLES } from '../../housekeeping/expired-rows-store.ts';
import { createDoctorStore } from './doctor-store.ts';
import { type Check, type Finding, notChecked, seen } from './finding.ts';

/** A running server deletes expired rows every minute, many at a time. */
const LATE_SECONDS = 15 * 60;

export const housekeepingCheck: Check = {
  name: 'housekeeping',
  async run({ database }) {
    if (!database) return notChecked('the database cannot be opened');
    const store = createExpiredRowsStore(database.knex);
    const lags: { table: string; seconds: number }[] = [];
    for (const table of EXPIRING_TABLES) lags.push({ table, seconds: await store.lagSeconds(table) });
    const late = lags.filter(({ seconds }) => seconds > LATE_SECONDS);
    const facts = createDoctorStore(database.knex);
    const [now, last] = [await facts.now(), await facts.lastAuditMonth()];
    const longest = Math.max(0, ...lags.map(({ seconds }) => seconds));
    return seen(
      [late.length > 0 ? lagFinding(late) : undefined, monthFinding(now, last)],
      [`expired rows wait ${longest.toFixed(0)} s`, `audit trail up to ${last ?? 'no month'}`],
    );
  },
};

function lagFinding(late: readonly { table: string; seconds: number }[]): Finding {
  const tables = late.map(({ table, seconds }) => `${table} (${Math.round(seconds / 60)} min)`).join(', ');
  return {
    name: 'housekeeping.late',
    sentence: `Expired rows are not deleted: ${tables}.`,
    remedy:
      'Start a server, which does it every minute. If one runs, look for "a job failed" in its log; after a long pause, it needs some minutes.',
  };
}

/** Servers make the partition of a month two months before. */
function monthFinding(now: Date, last: string | undefined): Finding | undefined {
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString().slice(0, 7);
  if (last !== undefined && last >= next) return undefined;
  return {
    name: 'audit.month_missing',
    sentence: `The audit trail has no partition for ${next}${last === undefined ? '' : ` (the last is for ${last})`}. Its events would go into audit_events_other, which is never dropped.`,
    remedy:
      'Start a server, which makes the next months. If one runs, look for "a job failed" in its log; by hand: SELECT make_audit_months();',
  };
}
