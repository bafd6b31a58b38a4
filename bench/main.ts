/**
 * `npm run bench`: starts the server as an operator would, on its own Postgres, and sends it requests from another
 * process. It compares each figure with the machine's limit in the same minute. It reports nothing if one answer was
 * unexpected, or if the machine was not steady.
 */
import { availableParallelism } from 'node:os';
import type { Workshop } from './load/material.ts';
import { measure, type Run, type Settings } from './load/measure.ts';
import { generatorThreads } from './load/wrk.ts';
import { type Options, parseOptions } from './options.ts';
import { progress, runProgram } from './program.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { describe, table, writeReport } from './report/report.ts';
import { type Measured, type Result, summarized } from './report/result.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { type Own, signedInTarget, withGround, withServer } from './set-up/own-server.ts';
import { signatureOptions } from './set-up/server.ts';
import { peerTarget, type Target } from './set-up/target.ts';
import { temporaryFolder } from './set-up/temporary-folder.ts';

const ATTEMPTS = 3;

await runProgram(async () => {
  const options = parseOptions(process.argv.slice(2));
  const result = options.against
    ? await measureAll(await peerTarget(options.against, options.credentials), undefined, options)
    : await measureOwn(options);
  writeReport(options.out, result);
  process.stdout.write(`\n${describe(result)}\n\n${table(result.scenarios)}\n\nWritten to ${options.out}.\n`);
});

function measureOwn(options: Options): Promise<Result> {
  const nodeOptions = [
    ...(options.profile ? ['--cpu-prof', `--cpu-prof-dir=${options.profile}`] : []),
    ...signatureOptions(options),
  ];
  return withGround((ground) =>
    withServer(ground, { workers: options.workers, nodeOptions }, async (own) =>
      measureAll(await signedInTarget(own), own, options),
    ),
  );
}

async function measureAll(target: Target, own: Own | undefined, options: Options): Promise<Result> {
  const cores = availableParallelism();
  const machine = describeMachine(own?.cluster.version);
  const commit = own && describeCommit();
  const { seconds, warmup, connections, workers, runs, constantSignatures } = options;
  const startedAt = new Date().toISOString();
  const { path: folder, remove } = temporaryFolder('requests');
  try {
    const workshop = { target, folder, threads: generatorThreads(cores) };
    const scenarios = [];
    for (const scenario of options.scenarios)
      scenarios.push(await measureOne(scenario, workshop, own, { ...options, cores }));
    return {
      startedAt,
      ...(commit ? { commit } : {}),
      ...(options.against ? { against: options.against } : {}),
      machine,
      load: { seconds, warmup, connections, runs, constantSignatures, ...(own ? { workers } : {}) },
      scenarios,
    };
  } finally {
    remove();
  }
}

async function measureOne(
  scenario: Scenario,
  workshop: Workshop,
  own: Own | undefined,
  options: Options & Pick<Settings, 'cores'>,
): Promise<Measured> {
  const runs: Run[] = [];
  for (let n = 0; n < options.runs; n += 1) {
    const run = await measure(scenario, workshop, own, {
      ...options,
      attempts: ATTEMPTS,
      floorWorkers: options.workers,
    });
    progress(
      `${scenario.title}: ${Math.round(run.requestsPerSecond)} a second, ratio ${run.ratio.toFixed(2)}`,
    );
    runs.push(run);
  }
  return summarized(scenario, runs);
}
