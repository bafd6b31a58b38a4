import type { Refused } from '../../../src/refusals/refused.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

export type Counts = Record<string, number>;

/** The counters of requests, but not that of ways. */
const COUNTERS = [
  'listo_http_request_duration_seconds',
  'listo_signatures_total',
  'listo_audit_events_total',
  'listo_unread_requests_total',
];

/** Everything that a hot request may change, as numbers: rows of the database, and counters of the process. */
export async function countsOf({ database, services }: TestServer): Promise<Counts> {
  const { rows } = await database.knex.raw(`
    SELECT (SELECT count(*) FROM grants) AS grants,
           (SELECT count(*) FROM sessions) AS sessions,
           (SELECT count(*) FROM refresh_families) AS families,
           (SELECT COALESCE(sum(sequence), 0) FROM refresh_families) AS rotations,
           (SELECT count(*) FROM artifacts) AS artifacts,
           (SELECT count(*) FROM artifacts WHERE consumed_at IS NOT NULL) AS consumed,
           (SELECT count(*) FROM used_proofs) AS proofs,
           (SELECT count(*) FROM revoked_access_tokens) AS revoked`);
  const counts = Object.entries(rows[0] as Record<string, unknown>).map(
    ([name, count]) => [name, Number(count)] as const,
  );
  for (const name of COUNTERS) {
    const metric = await services.metrics.registry.getSingleMetric(name)?.get();
    for (const value of metric?.values ?? []) {
      const { metricName = name } = value as { metricName?: string };
      // The others say how long a request took.
      if (!/_(?:bucket|sum)$/.test(metricName))
        counts.push([`${metricName} ${JSON.stringify(value.labels)}`, value.value]);
    }
  }
  return Object.fromEntries(counts);
}

/** The numbers that have changed, each by how much. */
export function changesBetween(before: Counts, after: Counts): Counts {
  const changes = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(changes.filter(([, change]) => change !== 0));
}

/** A line of the log about a request, without what differs from one to the next. */
export function comparableLine({
  time,
  ms,
  requestId,
  grant,
  client = '',
  ...line
}: Record<string, unknown>): object {
  // A code in the place of a client's name is another code each time.
  return { ...line, grant: typeof grant, client: String(client).replace(/^.{8}\.{3}$/, '...') };
}

/** The record of a refused request, without the parts that differ from one to the next. */
export function comparableRefusal({ requestId, claim, clientId = '', ...refused }: Refused): object {
  return { ...refused, clientId: clientId.replace(/^.{8}\.{3}$/, '...') };
}

/** The messages of the line that each request has. */
const OF_REQUESTS = ['request', 'request refused unread'];

/** The line of a request, which is written when its connection has the answer. */
export async function lineOf(
  requestId: string,
  lines: () => readonly Record<string, unknown>[],
): Promise<object> {
  const find = () =>
    lines().find((one) => one.requestId === requestId && OF_REQUESTS.includes(String(one.msg)));
  await until('the line of a request', () => find() !== undefined);
  return comparableLine(find() ?? {});
}
