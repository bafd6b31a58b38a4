/**
 * `npm run bench:compare -- COMMIT`: this checkout beside another commit, both at once on one cluster, with a database
 * each. Each request is measured by turns, so that the state of the machine hardly counts, and ratios are reported.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Refusal } from '../scripts/refusal.ts';
import { type CompareOptions, parseCompareOptions } from './compare-options.ts';
import type { Workshop } from './load/material.ts';
import { countFor, loadOf, warmUp } from './load/measure.ts';
import { playMetered } from './load/metered.ts';
import { generatorThreads } from './load/wrk.ts';
import { progress, runProgram } from './program.ts';
import { type Compared, comparisonTable, type Sample } from './report/comparison.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { type Side, turnsOf } from './report/pairs.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type Checkout, checkOut } from './set-up/checkout.ts';
import { type Own, secondGround, signedInTarget, withGround, withServer } from './set-up/own-server.ts';
import { signatureOptions } from './set-up/server.ts';
import { temporaryFolder } from './set-up/temporary-folder.ts';

/** A server, the files of its requests, and its answers a second. */
interface Contender {
  side: Side;
  own: Own;
  workshop: Workshop;
  perSecond: number;
}

type Contenders = Record<Side, Contender>;

const cores = availableParallelism();

await runProgram(async () => {
  const options = parseCompareOptions(process.argv.slice(2));
  const checkout = checkOut(options.commit);
  try {
    const text = await withContenders(checkout, options, async (contenders) => {
      const described = describe(checkout, options, contenders);
      const compared: Compared[] = [];
      for (const scenario of options.scenarios) compared.push(await compare(scenario, contenders, options));
      if (options.out) writeSamples(options.out, described, compared);
      return `${described}\n\n${comparisonTable(compared)}`;
    });
    process.stdout.write(`\n${text}\n`);
  } finally {
    checkout.remove();
  }
});

function withContenders<T>(
  { root }: Checkout,
  { workers, here, other, ...options }: CompareOptions,
  use: (contenders: Contenders) => Promise<T>,
): Promise<T> {
  const nodeOptions = signatureOptions(options);
  return withGround(async (ground) => {
    const second = await secondGround(ground, { root, extra: other });
    return withServer(ground, { workers, nodeOptions, extra: here }, (ownHere) =>
      withServer(second, { workers, nodeOptions }, async (ownOther) =>
        use({ here: await contender('here', ownHere), other: await contender('other', ownOther) }),
      ),
    );
  });
}

async function contender(side: Side, own: Own): Promise<Contender> {
  const { path: folder } = temporaryFolder('requests');
  const threads = generatorThreads(cores);
  return { side, own, workshop: { target: await signedInTarget(own), folder, threads }, perSecond: 0 };
}

async function compare(
  scenario: Scenario,
  contenders: Contenders,
  options: CompareOptions,
): Promise<Compared> {
  const samples: Sample[] = [];
  try {
    for (const one of Object.values(contenders))
      one.perSecond = await warmUp(scenario, one.workshop, { ...options, cores });
    for (const side of turnsOf(options.pairs)) {
      const sample = await measureOnce(scenario, contenders[side], options);
      progress(`${scenario.title}, ${side}: ${Math.round(sample.requestsPerSecond)} a second`);
      samples.push(sample);
    }
  } catch (error) {
    if (error instanceof Refusal) error.message = `${scenario.title}: ${error.message}`;
    throw error;
  }
  return { title: scenario.title, samples };
}

async function measureOnce(
  scenario: Scenario,
  { side, own, workshop, perSecond }: Contender,
  options: CompareOptions,
): Promise<Sample> {
  const what = await scenario.prepare(workshop, countFor(perSecond, options.seconds));
  const { played, spent } = await playMetered(what, loadOf(workshop, options, options.seconds), own);
  return {
    side,
    requestsPerSecond: played.requests / played.seconds,
    serverMs: (spent.server ?? 0) / played.requests,
    databaseMs: (spent.database ?? 0) / played.requests,
  };
}

function describe({ commit }: Checkout, options: CompareOptions, { here }: Contenders): string {
  const { processor, system, node, postgres, loadBefore } = describeMachine(here.own.cluster.version);
  const { seconds, pairs, connections, workers } = options;
  const named = (name: string, variables: Record<string, string>) =>
    [name, ...Object.entries(variables).map((variable) => variable.join('='))].join(' ');
  return [
    `Here: ${named(describeCommit() ?? 'unknown', options.here)}. Other: ${named(commit, options.other)}.`,
    `Machine: ${cores} cores of ${processor}, ${system}, Node ${node}, PostgreSQL ${postgres}; load before: ${loadBefore}.`,
    `Load: ${pairs} pairs of ${seconds} s, ${connections} connections; ${workers} processes of each server${options.constantSignatures ? ', whose signatures cost nothing' : ''}.`,
  ].join('\n\n');
}

function writeSamples(folder: string, described: string, compared: readonly Compared[]): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'comparison.json'), `${JSON.stringify(compared, undefined, 2)}\n`);
  writeFileSync(join(folder, 'comparison.md'), `${described}\n\n${comparisonTable(compared)}\n`);
}
