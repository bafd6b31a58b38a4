/**
 * The recommended set-up on one machine: two Postgres nodes that Patroni manages through etcd, two replicas of the
 * server as in production, and the documents' own HAProxy in front. Under load, the primary is killed, moved,
 * restarted, falls silent and turns read-only, once for each way in which a server finds the primary. Then the ledger
 * is checked as in the chaos run, and whether service came back in time.
 *
 *   npm run test:failover -- [--quick] [--way WAY] [--only FAULT] [--rounds 1] [--seed N] [--concurrency 8] [--ledger
 * FILE]
 *
 * With `--quick`, Patroni notices a lost primary after 20 s instead of 30. The run needs Debian's packages and says
 * which are missing.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Refusal } from '../../scripts/refusal.ts';
import { findOmissions, findViolations } from '../ledger/checks.ts';
import { gatherCrowd } from '../ledger/crowd.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import { report } from '../ledger/report.ts';
import { PATIENCE, type Pair, startPair } from '../machines/patroni.ts';
import { openWorkshop, requirePrograms, type Workshop } from '../machines/programs.ts';
import { type Site, startSite } from '../machines/replicas.ts';
import { endAfter, numbersOf, runProgram } from '../machines/run-program.ts';
import { FAULTS, FAULTS_OF, type FaultName, MEANING } from './faults.ts';
import { judgeTrials, trialTable } from './judgement.ts';
import { startSteadyProbe } from './steady-probe.ts';
import { runTrial, type Trial } from './trial.ts';
import { layRoads, type Road, WAYS, type Way } from './ways.ts';
import { once, startWriteProbe, type WriteProbe } from './write-probe.ts';

interface Options {
  quick: boolean;
  ways: readonly Way[];
  faults: readonly FaultName[];
  rounds: number;
  seed: number;
  concurrency: number;
  file: string | undefined;
}

interface Scenery {
  workshop: Workshop;
  pair: Pair;
  road: Road;
  writes: WriteProbe;
}

const ISSUER = 'https://login.example';
const REST_MS = 100;
/** Longer than any failover, and shorter than the replay window of a confidential client. */
const GIVE_UP_MS = 100_000;
const MINUTES_A_ROUND = 45;

await runProgram(() => main(readOptions()));

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      way: { type: 'string', multiple: true },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '1' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      concurrency: { type: 'string', default: '8' },
      ledger: { type: 'string' },
    },
  });
  const { rounds, seed, concurrency } = values;
  const numbers = numbersOf({ rounds, seed, concurrency }, { positive: ['rounds', 'concurrency'] });
  const ways = chosen('--way', values.way, WAYS);
  const faults = chosen('--only', values.only, FAULTS);
  return { ...numbers, quick: values.quick, ways, faults, file: values.ledger };
}

function chosen<T extends string>(
  option: string,
  wanted: string[] | undefined,
  known: readonly T[],
): readonly T[] {
  const unknown = wanted?.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw new Refusal(`${option} takes ${known.join(', ')}; not ${unknown}.`);
  return known.filter((name) => wanted?.includes(name) ?? true);
}

/** Returns the number of errors. */
async function main(options: Options): Promise<number> {
  const { quick, ways, rounds, seed } = options;
  requirePrograms(['etcd', 'patroni', 'haproxy', 'pgbouncer']);
  endAfter(rounds * MINUTES_A_ROUND);
  const patience = quick ? PATIENCE.quick : PATIENCE.default;
  say(`Failover, seed ${seed}. Patroni: ${JSON.stringify(patience)}, a synchronous standby.`);
  const workshop = openWorkshop('failover');
  const pair = await startPair(workshop, patience);
  let wrong = 0;
  try {
    await pair.whole();
    const road = await layRoads(workshop, pair);
    const writes = await startWriteProbe(pair);
    const scenery = { workshop, pair, road, writes };
    for (let round = 1; round <= rounds; round += 1)
      for (const way of ways)
        wrong += await runWay(way, round, scenery, options).catch((error: Error) => {
          // The other ways still run.
          say(`Wrong: ${way}: ${error.message}`);
          return 1;
        });
    writes.stop();
  } finally {
    pair.stop();
    workshop.remove();
  }
  say(wrong === 0 ? '\nNo violations.' : `\n${wrong} violations. Again: --seed ${seed}`);
  return wrong;
}

/** Each way has its own database and replicas, so that none affects the next. */
async function runWay(way: Way, round: number, scenery: Scenery, options: Options): Promise<number> {
  const faults = FAULTS_OF[way].filter((fault) => options.faults.includes(fault));
  if (faults.length === 0) return 0;
  const { pair, road } = scenery;
  const database = `${way}_${round}`;
  await once(pair, (await pair.leader()).port, 'postgres', `CREATE DATABASE ${database}`);
  road.address.lead((await pair.leader()).port);
  say(`\n=== ${way}, round ${round}`);
  const workshop = openWorkshop(`site-${way}`);
  const ledger = openLedger();
  const errors: string[] = [];
  const site = await startSite(workshop, {
    issuer: ISSUER,
    databaseUrl: road.databaseUrl(way, database),
    onLog({ audit, msg, err }) {
      if (audit) ledger.audits[audit] = (ledger.audits[audit] ?? 0) + 1;
      if (!audit && msg && msg !== 'request') errors.push(err ? `${msg}: ${err.type}: ${err.message}` : msg);
    },
  });
  try {
    await site.allReady();
    const trials = await runTrials({ way, faults, database }, { site, ledger }, scenery, options);
    if (options.file) writeFileSync(`${options.file}-${database}`, JSON.stringify({ trials, ...ledger }));
    return tell({ ledger, trials, errors, site, isWhole: faults.length === FAULTS_OF[way].length });
  } finally {
    site.stop();
    workshop.remove();
  }
}

async function runTrials(
  { way, faults, database }: { way: Way; faults: readonly FaultName[]; database: string },
  { site, ledger }: { site: Site; ledger: Ledger },
  { pair, road, writes }: Scenery,
  { seed, concurrency }: Options,
): Promise<Trial[]> {
  const crowd = await gatherCrowd({
    ...{ url: site.url, issuer: ISSUER, ledger, seed, concurrency },
    ...{ restMs: REST_MS, giveUpMs: GIVE_UP_MS },
  });
  const steady = startSteadyProbe(site.url, crowd.world);
  const trials: Trial[] = [];
  await crowd.busyDuring(async () => {
    for (const fault of faults) {
      say(`${fault}: ${MEANING[fault]}.`);
      const scene = { way, pair, address: road.address };
      const trial = await runTrial(fault, { scene, ledger, writes, steady });
      trials.push(trial);
      say(trialTable([trial]));
    }
  });
  await steady.stop();
  const { port } = await pair.leader();
  await crowd.verify(`postgres://${pair.user}:${pair.password}@127.0.0.1:${port}/${database}`);
  return trials;
}

function tell({
  ledger,
  trials,
  errors,
  site,
  isWhole,
}: {
  ledger: Ledger;
  trials: Trial[];
  errors: string[];
  site: Site;
  /** Whether each operation must have been tried. */
  isWhole: boolean;
}): number {
  const violations = findViolations(ledger);
  const omissions = isWhole ? findOmissions(ledger, false) : [];
  const wrong = [...judgeTrials(trials), ...site.ends, ...omissions.map((name) => `never tried: ${name}`)];
  say(`\n${report(ledger, violations)}\n\n${trialTable(trials)}`);
  const unanswered = ledger.entries.filter(({ outcome }) => outcome === 'silence');
  for (const [what, times] of countOf(unanswered.map(({ operation, detail }) => `${operation}: ${detail}`)))
    say(`Not answered ${times} times: ${what}`);
  for (const [error, times] of countOf(errors)) say(`Logged ${times} times: ${error}`);
  for (const sentence of wrong) say(`Wrong: ${sentence}`);
  return violations.length + wrong.length;
}

function countOf(texts: readonly string[]): [string, number][] {
  return [...Map.groupBy(texts, (text) => text)].map(([text, { length }]) => [text, length]);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
