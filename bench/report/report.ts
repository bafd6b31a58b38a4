import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.ts';
import { type Measured, type Result, STEADY } from './result.ts';
import { markdownTable } from './table.ts';

/** Writes `latest.json`, and the table and the picture of it, to a folder. */
export function writeReport(folder: string, result: Result): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  writeFileSync(join(folder, 'latest.md'), `${describe(result)}\n\n${table(result.scenarios)}\n`);
  writeFileSync(join(folder, 'latest.svg'), chart(result));
}

const HEAD = [
  'request',
  'a second',
  'median',
  'p99',
  'CPU server',
  'CPU database',
  'queries',
  'written',
  'limit',
  'ratio',
  'to the floor',
  'spread',
  'target',
];

/** A line for each scenario. */
export function table(scenarios: readonly Measured[]): string {
  return markdownTable(HEAD, scenarios.map(cells));
}

function cells(measured: Measured): string[] {
  const { cpuMs, limit, target, spread, hashMs } = measured;
  return [
    hashMs === undefined ? measured.title : `${measured.title} (a hash: ${hashMs.toFixed(1)} ms)`,
    whole(measured.requestsPerSecond),
    `${measured.p50Ms.toFixed(1)} ms`,
    `${measured.p99Ms.toFixed(1)} ms`,
    maybe(cpuMs.server, (value) => `${value.toFixed(2)} ms`),
    maybe(cpuMs.database, (value) => `${value.toFixed(2)} ms`),
    maybe(measured.queries, (value) => value.toFixed(2)),
    maybe(measured.bytesWritten, (value) => `${whole(value)} B`),
    whole((limit.before + limit.after) / 2),
    measured.ratio.toFixed(2),
    maybe(measured.floor, ({ requestsPerSecond }) =>
      (measured.requestsPerSecond / requestsPerSecond).toFixed(2),
    ),
    maybe(spread, (value) => `${(value * 100).toFixed(0)} %${value > STEADY ? ' (!)' : ''}`),
    target ? `${target.words}: ${target.met ? 'met' : 'NOT MET'}` : '',
  ];
}

/** Describes the measurement, the machine and the method, with caveats. */
export function describe({ startedAt, commit, against, machine, load, scenarios }: Result): string {
  const { processor, cores, memoryGiB, system, node, openssl, postgres, loadBefore } = machine;
  const unsteady = scenarios.filter(({ spread = 0 }) => spread > STEADY).map(({ title }) => title);
  return [
    against
      ? `Measured ${startedAt}, against ${against}.`
      : `Measured ${startedAt}, commit ${commit ?? 'unknown'}.`,
    `Machine: ${cores} cores of ${processor}, ${memoryGiB} GiB, ${system}, Node ${node}, OpenSSL ${openssl}${postgres ? `, PostgreSQL ${postgres}` : ''}; load before: ${loadBefore}.`,
    `Load: ${load.connections} connections, ${load.seconds} s after ${load.warmup} s of warming up, ${load.runs} runs of each, the one in the middle is shown${load.workers ? `; ${load.workers} server processes` : ''}${load.constantSignatures ? '; signatures cost nothing' : ''}. Load generator, server and database share the cores.`,
    'The limit is what the cores can sign (RSA 2048, openssl speed) or hash (argon2id) and do nothing else; a code exchange and a refresh sign twice, so theirs is half.',
    'The floor is bare node:http that reads, signs and answers, with the same load in the same run.',
    load.runs === 1
      ? 'One run of each, so nothing is known of how steady they are.'
      : unsteady.length > 0
        ? `(!) These runs differ by more than ${STEADY * 100} %, so take them with care: ${unsteady.join(', ')}.`
        : `Runs differ by ${STEADY * 100} % at the most.`,
  ].join('\n\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function maybe<T>(value: T | undefined, format: (value: T) => string): string {
  return value === undefined ? '' : format(value);
}
