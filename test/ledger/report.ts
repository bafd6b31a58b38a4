import { VIOLATIONS, type Violation } from './checks.ts';
import { readEntries } from './ends.ts';
import type { Entry, Ledger } from './ledger.ts';

const EXAMPLES = 3;
/** How long a fault takes to strike. pg_ctl, for one, is a program that has to start first. */
const STRIKING_MS = 500;

/** The text about a run: its load, its faults, and the violations. */
export function report(ledger: Ledger, violations: readonly Violation[]): string {
  return [
    loadLine(ledger),
    table(
      ['operation', 'requests', '200', '503', 'refused', 'no answer', '5xx'],
      operationRows(ledger.entries),
    ),
    table(['fault', 'times', 'longest ms'], faultRows(ledger)),
    table(['violation', 'count'], violationRows(violations)),
    ...instantsLine(ledger),
    signInsLost(ledger),
    auditLine(ledger),
  ].join('\n\n');
}

function loadLine({ load }: Ledger): string {
  const total = Object.values(load).reduce((sum, count) => sum + count, 0);
  const shares = Object.entries(load).map(
    ([name, count]) => `${name} ${((100 * count) / total).toFixed(1)} %`,
  );
  return `Load: ${total} operations: ${shares.join(', ')}. The requests below are those, their retries, and the verification.`;
}

function instantsLine({ instants }: Ledger): string[] {
  if (instants.length === 0) return [];
  const counted = [...Map.groupBy(instants, ({ operation }) => operation)].map(([operation, of]) => {
    const ok = of.filter(({ outcome }) => outcome === 'ok').length;
    return `${of.length} of ${operation} (retry answered 200: ${ok}, refused: ${of.length - ok})`;
  });
  return [`Killed at every message between process and Postgres: ${counted.join('; ')}.`];
}

function operationRows(entries: readonly Entry[]): (string | number)[][] {
  const row = (name: string, of: readonly Entry[]) => {
    const count = (outcome: Entry['outcome']) => of.filter((entry) => entry.outcome === outcome).length;
    return [
      name,
      of.length,
      count('ok'),
      count('unavailable'),
      count('refused'),
      count('silence'),
      count('error'),
    ];
  };
  const operations = Map.groupBy(entries, ({ operation }) => operation);
  return [...[...operations].map(([name, of]) => row(name, of)), row('all', entries)];
}

function faultRows({ faults }: Ledger): (string | number)[][] {
  return [...Map.groupBy(faults, ({ kind }) => kind)]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, of]) => [
      kind,
      of.length,
      Math.round(Math.max(...of.map(({ startedAt, endedAt }) => endedAt - startedAt))),
    ]);
}

function violationRows(violations: readonly Violation[]): (string | number)[][] {
  return VIOLATIONS.flatMap((kind) => {
    const of = violations.filter((violation) => violation.kind === kind);
    return [[kind, of.length], ...of.slice(0, EXAMPLES).map(({ example }) => [`  ${example}`, ''])];
  });
}

/** How many of the sign-ins under way during a fault had to begin again. */
function signInsLost({ entries, pace, signIns, faults }: Ledger): string {
  const inFlight = signIns.filter((signIn) =>
    faults.some(
      ({ startedAt }) => startedAt <= signIn.endedAt && startedAt + STRIKING_MS * pace >= signIn.startedAt,
    ),
  ).length;
  const undone = readEntries(entries, pace).lostToOwnRetry.size;
  const lost = signIns.filter((signIn) => signIn.lost).length + undone;
  const perThousand = inFlight === 0 ? 0 : (1000 * lost) / inFlight;
  return `Sign-ins: ${signIns.length}, in flight at a fault: ${inFlight}, lost: ${lost} (${undone} after they were answered); lost per thousand in flight: ${perThousand.toFixed(1)}.`;
}

function auditLine({ audits }: Ledger): string {
  const counted = Object.entries(audits).map(([name, count]) => `${name} ${count}`);
  return `Audit events: ${counted.length > 0 ? counted.join(', ') : 'none'}.`;
}

export function table(head: string[], rows: (string | number)[][]): string {
  const lines = [head, ...rows].map((row) => row.map(String));
  const numbers = head.slice(1).map((_, n) => Math.max(...lines.map((line) => (line[n + 1] ?? '').length)));
  const first = Math.max(
    ...lines.map((line) => (line.slice(1).join('') === '' ? 0 : (line[0] ?? '').length)),
  );
  return lines
    .map(([name = '', ...others]) =>
      [name.padEnd(first), ...others.map((text, n) => text.padStart(numbers[n] ?? 0))].join('  ').trimEnd(),
    )
    .join('\n');
}
