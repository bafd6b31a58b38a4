import type { Machine } from '../report/machine.ts';
import { markdownTable } from '../report/table.ts';
import { type Finding, type Minute, windowsOf } from './verdict.ts';

/** All results of a soak. */
export interface Soak {
  startedAt: string;
  commit: string | undefined;
  machine: Machine;
  rate: number;
  minutes: Minute[];
  /** By name of the request and the unexpected answer. */
  wrong: Record<string, number>;
  findings: Finding[];
}

/** The number of rows in the table, however long the soak is. */
const ROWS = 12;

export function describeMinute(minute: Minute): string {
  const { resident, residentMost, anonymous, heapUsed, compiled, descriptors, descriptorsMost, requests } =
    minute;
  return [
    `minute ${minute.minute}:`,
    `resident ${mebi(resident)} to ${mebi(residentMost)} MiB, anonymous ${mebi(anonymous)}, heap ${mebi(heapUsed)}, compiled ${mebi(compiled)},`,
    `descriptors ${descriptors} to ${descriptorsMost}, series ${minute.series},`,
    `${Math.round(requests / 60)} requests a second, ${rowsOf(minute)} rows`,
  ].join(' ');
}

/** The report: the conditions, the course and the result. */
export function reportOf({ startedAt, commit, machine, rate, minutes, wrong, findings }: Soak): string {
  const { from, length } = windowsOf(minutes.length);
  const [first, last] = [
    `${from + 1} to ${from + length}`,
    `${minutes.length - length + 1} to ${minutes.length}`,
  ];
  const failures = Object.entries(wrong).map(([what, count]) => `- ${what} (${count} times)`);
  const met = findings.every((finding) => finding.met) && failures.length === 0;
  return [
    `Measured ${startedAt}, commit ${commit ?? 'unknown'}: ${minutes.length} minutes at about ${rate} requests a second.`,
    `Machine: ${machine.cores} cores of ${machine.processor}, Node ${machine.node}, PostgreSQL ${machine.postgres}; load before: ${machine.loadBefore}.`,
    minutesTable(minutes),
    `The table has the least memory and the most descriptors of each minute. The median of the minutes ${first} is compared with that of the minutes ${last}.`,
    markdownTable(
      ['what', `minutes ${first}`, `minutes ${last}`, 'at most', ''],
      findings.map(({ what, first, last, atMost, met }) => [
        what,
        short(first),
        short(last),
        short(atMost),
        met ? 'met' : 'NOT MET',
      ]),
    ),
    failures.length === 0
      ? 'Every answer was the expected one.'
      : `Answers that were not the expected ones:\n\n${failures.join('\n')}`,
    met ? 'Flat.' : 'NOT FLAT.',
    '',
  ].join('\n\n');
}

function minutesTable(minutes: readonly Minute[]): string {
  const step = Math.max(1, Math.round(minutes.length / ROWS));
  const shown = minutes.filter(({ minute }) => minute === 1 || minute % step === 0);
  return markdownTable(
    [
      'minute',
      'resident MiB',
      'most',
      'proportional',
      'anonymous',
      'heap',
      'compiled',
      'descriptors',
      'series',
      'a second',
      'rows',
    ],
    shown.map((minute) => [
      String(minute.minute),
      mebi(minute.resident),
      mebi(minute.residentMost),
      mebi(minute.proportional),
      mebi(minute.anonymous),
      mebi(minute.heapUsed),
      mebi(minute.compiled),
      `${minute.descriptors} to ${minute.descriptorsMost}`,
      String(minute.series),
      String(Math.round(minute.requests / 60)),
      String(rowsOf(minute)),
    ]),
  );
}

function rowsOf({ rows }: Minute): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function mebi(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
