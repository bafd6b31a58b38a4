import { until } from '../../support/time/until.ts';
import type { FaultyServer } from './stage.ts';

/** The records of a server about some requests: their lines, its errors, and by how much its counters rose. */
export interface Records {
  /** In one order, whichever came first. */
  lines: Record<string, unknown>[];
  errors: unknown[];
  counters: Record<string, number>;
}

/** Counters of answers, signatures and events, but not of ways. */
const COUNTERS =
  /^(listo_(?:http_request_duration_seconds_count|signatures_total|audit_events_total)\S*) (\d+)$/;

/** Does `work`, which makes so many requests, and returns what the server recorded. */
export async function recordsDuring(
  server: FaultyServer,
  requests: number,
  work: () => Promise<void>,
): Promise<Records> {
  const before = { counters: await countersOf(server), lines: linesOf(server).length };
  await work();
  const added = () => linesOf(server).slice(before.lines);
  const answered = () => added().filter(({ msg }) => msg === 'request');
  await until('a line of each request', () => answered().length === requests);
  const after = await countersOf(server);
  const rises = Object.entries(after).map(([name, count]) => [name, count - (before.counters[name] ?? 0)]);
  return {
    lines: answered().map(comparable).sort(inOneOrder),
    errors: added()
      .filter(({ msg }) => msg === 'unexpected error')
      .map(({ err }) => (err as Error).message),
    counters: Object.fromEntries(rises.filter(([, rise]) => rise !== 0)),
  };
}

/** How many requests at the token endpoint took which way. */
export async function waysOf(server: FaultyServer): Promise<Record<string, number>> {
  return countersOf(server, /^listo_hot_requests_total\{endpoint="\/auth\/token",way="(\w+)"\} (\d+)$/);
}

function linesOf({ process }: FaultyServer): Record<string, unknown>[] {
  return process
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

function inOneOrder(one: object, other: object): number {
  return JSON.stringify(one).localeCompare(JSON.stringify(other));
}

/** How a connection to the database broke differs from one time to the next. */
function comparable({
  time,
  ms,
  requestId,
  grant,
  detail,
  ...line
}: Record<string, unknown>): Record<string, unknown> {
  return { ...line, grant: typeof grant, detail: line.status === 503 ? typeof detail : detail };
}

async function countersOf({ metrics }: FaultyServer, pattern = COUNTERS): Promise<Record<string, number>> {
  const text = await (await fetch(metrics)).text();
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => pattern.exec(line))
      .filter((match) => match !== null)
      .map(([, name = '', count]) => [name, Number(count)]),
  );
}
