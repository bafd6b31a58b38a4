/**
 * Two replicas of the server as in production, behind the documents' HAProxy without its retries. Under load, each
 * replica is stopped and started in turn. Then each has two workers, of which some get SIGTERM and some SIGKILL. No
 * request may fail, except those that a killed process was busy with.
 *
 *   npm run test:rolling -- [--restarts 10] [--kills 4] [--workers 2] [--seed N] [--concurrency 8] [--ledger FILE]
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findOmissions, findViolations } from '../ledger/checks.ts';
import { gatherCrowd } from '../ledger/crowd.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { report, table } from '../ledger/report.ts';
import { type Cluster, startCluster } from '../machines/cluster.ts';
import { openWorkshop, requirePrograms } from '../machines/programs.ts';
import { type Site, startSite } from '../machines/replicas.ts';
import { endAfter, numbersOf, runProgram } from '../machines/run-program.ts';
import { type Event, killWorkers, restartInTurn } from './events.ts';
import { findFailures, judgeFailures } from './failures.ts';

interface Options {
  workers: readonly number[];
  restarts: number;
  kills: number;
  seed: number;
  concurrency: number;
  file: string | undefined;
}

const ISSUER = 'https://login.example';
const REST_MS = 50;
const MINUTES = 25;
/** These lines of the sample would hide a failure. */
const NOTHING_AGAIN = { 'retries 2': 'retries 0', 'option redispatch 1': 'no option redispatch' };

await runProgram(() => main(readOptions()));

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      restarts: { type: 'string', default: '10' },
      kills: { type: 'string', default: '4' },
      workers: { type: 'string', multiple: true, default: ['1', '2'] },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      concurrency: { type: 'string', default: '8' },
      ledger: { type: 'string' },
    },
  });
  const { ledger: file, workers, ...numbers } = values;
  return {
    ...numbersOf(numbers, { positive: ['restarts', 'concurrency'] }),
    workers: workers.map(Number),
    file,
  };
}

/** Returns the number of errors. */
async function main(options: Options): Promise<number> {
  requirePrograms(['haproxy']);
  endAfter(MINUTES);
  say(`Rolling restarts, seed ${options.seed}, HAProxy with retries 0.`);
  let wrong = 0;
  for (const workers of options.workers)
    wrong += await runPhase(workers, options, async (site) => [
      ...(await restartInTurn(site, options.restarts)),
      ...(workers > 1 ? await killWorkers(site, 'SIGTERM', options.kills) : []),
      ...(workers > 1 ? await killWorkers(site, 'SIGKILL', options.kills) : []),
    ]);
  say(wrong === 0 ? '\nNo violations.' : `\n${wrong} violations. Again: --seed ${options.seed}`);
  return wrong;
}

/** Each phase has its own Postgres and replicas. */
async function runPhase(
  workers: number,
  options: Options,
  disturb: (site: Site) => Promise<Event[]>,
): Promise<number> {
  say(`\n=== WORKERS=${workers}`);
  const cluster = await startCluster();
  const workshop = openWorkshop('site');
  const ledger = openLedger();
  const site = await startSite(workshop, {
    issuer: ISSUER,
    databaseUrl: cluster.url(),
    env: { WORKERS: String(workers) },
    changes: NOTHING_AGAIN,
    onLog({ audit }) {
      if (audit) ledger.audits[audit] = (ledger.audits[audit] ?? 0) + 1;
    },
  });
  try {
    await site.allReady();
    const events = await disturbUnderLoad(site, ledger, cluster, options, disturb);
    if (options.file) writeFileSync(`${options.file}-${workers}`, JSON.stringify({ events, ...ledger }));
    return tell(ledger, events, site);
  } finally {
    site.stop();
    workshop.remove();
    cluster.remove();
  }
}

async function disturbUnderLoad(
  site: Site,
  ledger: Ledger,
  cluster: Cluster,
  { seed, concurrency }: Options,
  disturb: (site: Site) => Promise<Event[]>,
): Promise<Event[]> {
  const crowd = await gatherCrowd({
    ...{ url: site.url, issuer: ISSUER, ledger, seed, concurrency },
    restMs: REST_MS,
  });
  let events: Event[] = [];
  await crowd.busyDuring(async () => {
    events = await disturb(site);
  });
  ledger.faults.push(...events);
  await crowd.verify(cluster.url());
  return events;
}

function tell(ledger: Ledger, events: readonly Event[], site: Site): number {
  const violations = findViolations(ledger).filter(({ kind }) => kind !== 'a server error that is not a 503');
  const failures = findFailures(ledger, events);
  const wrong = [
    ...judgeFailures(failures),
    ...site.ends,
    ...findOmissions(ledger, false).map((name) => `never tried: ${name}`),
  ];
  say(`\n${report(ledger, violations)}\n`);
  const kinds = Map.groupBy(events, ({ kind }) => kind);
  const head = ['event', 'times', 'longest ms', 'failed requests', 'of them in flight at a killed process'];
  const rows = [...kinds].map(([kind, of]) => {
    const its = failures.filter(({ during }) => during === kind);
    const longest = Math.max(...of.map(({ startedAt, endedAt }) => endedAt - startedAt));
    return [kind, of.length, Math.round(longest), its.length, its.filter(({ isCut }) => isCut).length];
  });
  say(table(head, rows));
  for (const sentence of wrong) say(`Wrong: ${sentence}`);
  return violations.length + wrong.length;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
