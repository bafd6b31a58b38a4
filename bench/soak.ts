/**
 * `npm run bench:soak -- --minutes 60`: one process under moderate load for an hour. People sign in, come back with
 * their tokens and leave; others make mistakes; Prometheus scrapes. Afterwards memory, descriptors, series and rows
 * must be as after the first quarter. It prints a line each minute and a table at the end.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../scripts/free-port.ts';
import { wholeNumber } from './options.ts';
import { progress, runProgram } from './program.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { connect } from './set-up/cluster.ts';
import { type Own, signedInTarget, withGround, withServer } from './set-up/own-server.ts';
import type { Target } from './set-up/target.ts';
import { createSender, type Sender } from './soak/sender.ts';
import { describeMinute, reportOf, type Soak } from './soak/tables.ts';
import { judge, type Minute } from './soak/verdict.ts';
import { REQUESTS_A_VISIT, visit } from './soak/visit.ts';
import { countRows, type Sample, type Scraped, scrape, takeSample } from './soak/watch.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    /** Requests per second. */
    rate: { type: 'string', default: '240' },
    results: { type: 'string' },
    /** Options for Node, separated by spaces, such as --heapsnapshot-signal=SIGUSR2. */
    'node-options': { type: 'string', default: '' },
  },
});
const minutes = wholeNumber('minutes', values.minutes, 4);
const rate = wholeNumber('rate', values.rate, 1);
const SAMPLE_MS = 5000;
const SCRAPE_MS = 15_000;
/** The remains of a sign-in expire within minutes, so that an hour shows whether the tables stay flat. */
const SHORT_LIVES = `UPDATE clients SET authorization_code_ttl_seconds = 60, access_token_ttl_seconds = 300
  WHERE id = 'bench-web'`;

await runProgram(() =>
  withGround(async (ground) => {
    const INTERNAL_PORT = String(await freePort());
    // Nobody reaches these limits, but their counters take part in the test.
    const limits = { REQUESTS_PER_MINUTE: '1000000', FAILURES_PER_MINUTE: '1000000' };
    const nodeOptions = values['node-options'].split(' ').filter(Boolean);
    const extra = { INTERNAL_PORT, ...limits, HOUSEKEEPING_SECONDS: '20', TRUSTED_PROXIES: '127.0.0.1' };
    await withServer(ground, { workers: 1, nodeOptions, extra }, (own) =>
      soak(own, `http://127.0.0.1:${INTERNAL_PORT}/metrics`),
    );
  }),
);

async function soak(own: Own, metricsUrl: string): Promise<void> {
  const database = await connect(own.cluster.url);
  await database.query(SHORT_LIVES);
  const target = await signedInTarget(own);
  const result: Soak = {
    startedAt: new Date().toISOString(),
    commit: describeCommit(),
    machine: describeMachine(own.cluster.version),
    rate,
    minutes: [],
    wrong: {},
    findings: [],
  };
  const send = createSender(target.base);
  const stopLoad = startLoad(target, send);
  progress(`${minutes} minutes at ${rate} requests a second; process ${own.server.pid}.`);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const watched = await watchMinute(own.server.pid, metricsUrl, send);
    const done: Minute = { minute, ...watched, rows: await countRows(database) };
    result.minutes.push(done);
    result.wrong = Object.fromEntries(send.wrong);
    progress(describeMinute(done));
    // Writes the results so far, in case the rest is lost.
    writeResults(result);
  }
  await stopLoad();
  send.close();
  await database.end();
  result.findings = judge(result.minutes);
  writeResults(result);
  process.stdout.write(`\n${reportOf(result)}`);
  if (result.findings.some(({ met }) => !met) || send.wrong.size > 0) process.exitCode = 1;
}

/** Begins visits evenly, at the given rate. Resolves when the last visitor has left. */
function startLoad(target: Target, send: Sender): () => Promise<void> {
  const under = new Set<Promise<void>>();
  const timer = setInterval(
    () => {
      const one = visit(target, send).catch((error: Error) => {
        send.wrong.set(`visit: ${error.message}`, (send.wrong.get(`visit: ${error.message}`) ?? 0) + 1);
      });
      under.add(one);
      one.finally(() => under.delete(one));
    },
    (1000 * REQUESTS_A_VISIT) / rate,
  );
  return async () => {
    clearInterval(timer);
    await Promise.all(under);
  };
}

async function watchMinute(
  pid: number,
  metricsUrl: string,
  send: Sender,
): Promise<Omit<Minute, 'minute' | 'rows'>> {
  const sentBefore = total(send);
  const samples: Sample[] = [];
  let scraped: Scraped = { heapUsed: Number.NaN, compiled: Number.NaN, series: Number.NaN };
  const look = setInterval(() => samples.push(takeSample(pid)), SAMPLE_MS);
  const scraping = setInterval(() => {
    scrape(metricsUrl).then(
      (found) => {
        scraped = found;
      },
      (error: Error) => send.wrong.set(`scrape: ${error.message}`, 1),
    );
  }, SCRAPE_MS);
  await new Promise((done) => setTimeout(done, 60_000));
  clearInterval(look);
  clearInterval(scraping);
  samples.push(takeSample(pid));
  const least = (of: (sample: Sample) => number) => Math.min(...samples.map(of));
  const most = (of: (sample: Sample) => number) => Math.max(...samples.map(of));
  return {
    resident: least(({ resident }) => resident),
    residentMost: most(({ resident }) => resident),
    proportional: least(({ proportional }) => proportional),
    anonymous: least(({ anonymous }) => anonymous),
    descriptors: least(({ descriptors }) => descriptors),
    descriptorsMost: most(({ descriptors }) => descriptors),
    ...scraped,
    requests: total(send) - sentBefore,
  };
}

function total({ sent }: Sender): number {
  return [...sent.values()].reduce((sum, count) => sum + count, 0);
}

function writeResults(result: Soak): void {
  if (!values.results) return;
  mkdirSync(values.results, { recursive: true });
  writeFileSync(join(values.results, 'soak.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  if (result.findings.length > 0) writeFileSync(join(values.results, 'soak.md'), reportOf(result));
}
