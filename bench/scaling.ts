/**
 * `npm run bench:scaling`: how throughput and latency change with the number of processes, of connections, and of
 * people, clients and sessions in the database. The last should change nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measure, type Settings } from './load/measure.ts';
import { generatorThreads } from './load/wrk.ts';
import { wholeNumber, wholeNumbers } from './options.ts';
import { progress, runProgram } from './program.ts';
import { type Curve, curves } from './report/curves.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { markdownTable } from './report/table.ts';
import { userinfo } from './scenarios/access-token.ts';
import { singleSignOn } from './scenarios/browser.ts';
import { listnrClientCredentials } from './scenarios/listnr.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { refresh } from './scenarios/token-endpoint.ts';
import { fillRegistrations, openFiller } from './set-up/fill.ts';
import { type Ground, type Own, signedInTarget, withGround, withServer } from './set-up/own-server.ts';
import { temporaryFolder } from './set-up/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    warmup: { type: 'string', default: '3' },
    tolerance: { type: 'string', default: '15' },
    processes: { type: 'string', default: '1,2' },
    connections: { type: 'string', default: '10,32,100,320,1000' },
    rows: { type: 'string', default: '1000,10000,100000,1000000' },
    out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
  },
});

/** One figure of a curve. */
interface Point {
  curve: 'processes' | 'connections' | 'rows';
  scenario: string;
  x: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  ratio: number;
}

const settings: Settings = {
  seconds: wholeNumber('seconds', values.seconds, 1),
  warmup: wholeNumber('warmup', values.warmup, 1),
  tolerance: wholeNumber('tolerance', values.tolerance, 1) / 100,
  connections: 32,
  cores: availableParallelism(),
  attempts: 3,
};

await runProgram(async () => {
  const points: Point[] = [];
  const { machine, commit } = await withGround(async (ground) => {
    points.push(...(await byProcesses(ground)));
    points.push(...(await withServer(ground, { workers: settings.cores }, byConnections)));
    points.push(...(await withServer(ground, { workers: settings.cores }, byRows)));
    return { machine: describeMachine(ground.cluster.version), commit: describeCommit() };
  });
  const note = `${machine.cores} cores of ${machine.processor}, Node ${machine.node}, commit ${commit ?? 'unknown'}, ${new Date().toISOString().slice(0, 10)}`;
  const text = `${note}\n\n${tableOf(points)}\n`;
  mkdirSync(values.out, { recursive: true });
  writeFileSync(
    `${values.out}/scaling.json`,
    `${JSON.stringify({ machine, commit, points }, undefined, 2)}\n`,
  );
  writeFileSync(`${values.out}/scaling.md`, text);
  writeFileSync(`${values.out}/scaling.svg`, curves(curvesOf(points), note));
  process.stdout.write(`\n${text}\nWritten to ${values.out}.\n`);
});

async function byProcesses(ground: Ground): Promise<Point[]> {
  const points: Point[] = [];
  for (const workers of wholeNumbers('processes', values.processes)) {
    const measured = await withServer(ground, { workers }, (own) =>
      measureEach(own, [listnrClientCredentials, refresh, userinfo], settings),
    );
    points.push(...measured.map((point) => ({ ...point, curve: 'processes' as const, x: workers })));
  }
  return points;
}

async function byConnections(own: Own): Promise<Point[]> {
  const points: Point[] = [];
  for (const connections of wholeNumbers('connections', values.connections)) {
    const measured = await measureEach(own, [userinfo, listnrClientCredentials], {
      ...settings,
      connections,
    });
    points.push(...measured.map((point) => ({ ...point, curve: 'connections' as const, x: connections })));
  }
  return points;
}

async function byRows(own: Own): Promise<Point[]> {
  const points: Point[] = [];
  const filler = await openFiller(own.cluster.url);
  let filled = 0;
  for (const rows of wholeNumbers('rows', values.rows)) {
    // The first measurement signs people in and makes the grants that are copied.
    if (filled === 0) await measureEach(own, [refresh], { ...settings, seconds: 1, tolerance: 1 });
    progress(`Filling up to ${rows} people, clients and sessions ...`);
    await fillRegistrations(filler, filled + 1, rows);
    await filler.query('VACUUM ANALYZE');
    filled = rows;
    const measured = await measureEach(
      own,
      [userinfo, refresh, singleSignOn, listnrClientCredentials],
      settings,
    );
    points.push(...measured.map((point) => ({ ...point, curve: 'rows' as const, x: rows })));
  }
  await filler.end();
  return points;
}

async function measureEach(
  own: Own,
  scenarios: readonly Scenario[],
  how: Settings,
): Promise<Omit<Point, 'curve' | 'x'>[]> {
  const target = await signedInTarget(own);
  const { path: folder, remove } = temporaryFolder('requests');
  const points = [];
  for (const scenario of scenarios) {
    const workshop = { target, folder, threads: generatorThreads(how.cores) };
    const { requestsPerSecond, p50Ms, p99Ms, ratio } = await measure(scenario, workshop, own, how);
    progress(`${scenario.title}: ${Math.round(requestsPerSecond)} a second, median ${p50Ms.toFixed(1)} ms`);
    points.push({ scenario: scenario.title, requestsPerSecond, p50Ms, p99Ms, ratio });
  }
  remove();
  return points;
}

function tableOf(points: readonly Point[]): string {
  const titles = { processes: 'processes', connections: 'connections', rows: 'people, clients, sessions' };
  return markdownTable(
    ['request', 'varied', 'to', 'a second', 'ratio', 'median', 'p99', 'against the first'],
    points.map((point) => {
      const first = points.find(
        ({ curve, scenario }) => curve === point.curve && scenario === point.scenario,
      );
      return [
        point.scenario,
        titles[point.curve],
        point.x.toLocaleString('en-US'),
        Math.round(point.requestsPerSecond).toLocaleString('en-US'),
        point.ratio.toFixed(2),
        `${point.p50Ms.toFixed(1)} ms`,
        `${point.p99Ms.toFixed(1)} ms`,
        // The ratio does not depend on the machine's present speed.
        `${(point.ratio / (first?.ratio ?? point.ratio)).toFixed(2)} ×`,
      ];
    }),
  );
}

function curvesOf(points: readonly Point[]): Curve[] {
  const of = (kind: Point['curve'], scenario: string, y: (point: Point) => number) =>
    points
      .filter((point) => point.curve === kind && point.scenario === scenario)
      .map((point) => ({ x: point.x, y: y(point) }));
  const throughput = (point: Point) => point.requestsPerSecond;
  const latency = (point: Point) => point.p50Ms;
  return [
    ...[listnrClientCredentials, refresh].map(({ title }) => ({
      ...{ title, axis: 'processes', unit: 'requests a second' },
      points: of('processes', title, throughput),
    })),
    ...[userinfo, listnrClientCredentials].map(({ title }) => ({
      ...{ title, axis: 'connections', unit: 'median, ms' },
      points: of('connections', title, latency),
    })),
    ...[userinfo, refresh].map(({ title }) => ({
      ...{ title, axis: 'people, clients, sessions', unit: 'median, ms' },
      points: of('rows', title, latency),
    })),
  ];
}
