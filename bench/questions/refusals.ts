/**
 * `npm run bench:refusals`: refused requests saturate the machine, by turns at a server that records refusals and at one
 * that does not, while others refresh. Reports the p99 of the refreshes in pairs, and what was recorded and dropped.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../scripts/free-port.ts';
import type { Workshop } from '../load/material.ts';
import { basic, type Request, writeRequests } from '../load/request.ts';
import { type Play, play } from '../load/wrk.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { quartiles, ratiosOfOneSide, ratiosOfPairs, type Turn, turnsOf } from '../report/pairs.ts';
import { markdownTable } from '../report/table.ts';
import { refresh } from '../scenarios/token-endpoint.ts';
import { connect } from '../set-up/cluster.ts';
import { type Own, secondGround, signedInTarget, withGround, withServer } from '../set-up/own-server.ts';
import { cpuMsOf } from '../set-up/processes.ts';
import { HERE } from '../set-up/server.ts';
import { temporaryFolder } from '../set-up/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '32' },
  },
});
const pairs = wholeNumber('pairs', values.pairs, 1);
const seconds = wholeNumber('seconds', values.seconds, 1);
const connections = wholeNumber('connections', values.connections, 1);

/** Connections that refresh meanwhile. */
const REFRESHING = 4;
/** So many clients and addresses that no rate of one of them bounds what is recorded. */
const CLIENTS = 2000;
const MOST_RATIO = 1.1;
const WITHOUT = `--import=${join(HERE, 'bench/set-up/without-refusals.ts')}`;

/** Half of them prove who they are, with the secret of bench-web. */
const REGISTER = `
  INSERT INTO clients (id, instance_id, name, type, redirect_uris)
  SELECT kind || '-' || n, 'bench', kind || ' ' || n, kind, '{https://app.bench.example/callback}'
  FROM generate_series(1, ${CLIENTS}) AS n, unnest('{confidential,public}'::text[]) AS kinds (kind);
  INSERT INTO client_secrets (client_id, digest)
  SELECT 'confidential-' || n, digest FROM generate_series(1, ${CLIENTS}) AS n, client_secrets WHERE client_id = 'bench-web'`;

interface Side {
  own: Own;
  workshop: Workshop;
  flood: Play;
  metrics: string;
}

interface Measured {
  p99Ms: number;
  refusals: number;
  perSecond: number;
  /** CPU for each answer, of the server and of Postgres. */
  serverMs: number;
  databaseMs: number;
}

/** The columns of a pair: how each is written, and by which figure the sides are compared. */
const FIGURES = [
  { name: 'p99 of refreshes', of: ({ p99Ms }: Measured) => p99Ms, digits: 1, unit: 'ms' },
  { name: 'refusals a second', of: ({ perSecond }: Measured) => perSecond, digits: 0, unit: '' },
  { name: 'CPU of the server', of: ({ serverMs }: Measured) => serverMs, digits: 2, unit: 'ms' },
  { name: 'CPU of Postgres', of: ({ databaseMs }: Measured) => databaseMs, digits: 2, unit: 'ms' },
] as const;

await runProgram(async () => {
  const folder = temporaryFolder('refusals');
  try {
    await withGround(async (ground) => {
      const other = await secondGround(ground, { root: HERE, extra: {} });
      const [ports, otherPorts] = [await settings(), await settings()];
      await withServer(ground, { workers: 1, extra: ports }, (recording) =>
        withServer(other, { workers: 1, extra: otherPorts, nodeOptions: [WITHOUT] }, async (without) =>
          compare(
            await sideOf(recording, folder.path, 'here', ports.INTERNAL_PORT),
            await sideOf(without, folder.path, 'other', otherPorts.INTERNAL_PORT),
          ),
        ),
      );
    });
  } finally {
    folder.remove();
  }
});

async function settings() {
  return { INTERNAL_PORT: String(await freePort()), TRUSTED_PROXIES: '127.0.0.1,::1,::ffff:127.0.0.1' };
}

async function sideOf(own: Own, folder: string, name: string, internalPort: string): Promise<Side> {
  const database = await connect(own.cluster.url);
  await database.query(REGISTER);
  await database.end();
  const workshop = { target: await signedInTarget(own, 50), folder, threads: 1 };
  const requests = join(folder, `${name}.refused`);
  writeRequests(
    requests,
    Array.from({ length: 2 * CLIENTS }, (_, n) => refused(workshop, n)),
  );
  const flood: Play = { requests, order: 'loop', expected: { status: 400, marker: '"error"' } };
  return { own, workshop, flood, metrics: `http://127.0.0.1:${internalPort}/metrics` };
}

/** Every other request proves whose it is, and the others only name a client. Each comes from another network. */
function refused({ target: { endpoints, client } }: Workshop, n: number): Request {
  const isProven = n % 2 === 0;
  const id = `${isProven ? 'confidential' : 'public'}-${1 + (n >> 1)}`;
  const form = { grant_type: 'authorization_code', code: 'unknown', redirect_uri: client.redirectUri };
  const from = { 'X-Forwarded-For': `10.${n >> 8}.${n & 255}.1` };
  return {
    method: 'POST',
    url: endpoints.token,
    headers: isProven ? { ...from, Authorization: basic(id, client.secret) } : from,
    form: isProven ? form : { ...form, client_id: id, code_verifier: 'x'.repeat(43) },
  };
}

async function compare(here: Side, other: Side): Promise<void> {
  const sides = { here, other };
  const turns: (Turn & Measured)[] = [];
  for (const side of ['here', 'other'] as const) await measure(sides[side]);
  const before = await countsOf(here);
  for (const side of turnsOf(pairs)) {
    const measured = await measure(sides[side]);
    turns.push({ side, value: measured.p99Ms, ...measured });
    progress(`${side === 'here' ? 'recording' : 'without'}: p99 ${measured.p99Ms.toFixed(1)} ms`);
  }
  const after = await countsOf(here);
  const floods = turns.filter(({ side }) => side === 'here').reduce((sum, { refusals }) => sum + refusals, 0);
  report(turns);
  await reportRows(here, floods, { before, after });
}

/** The flood begins first and ends last. */
async function measure({ own, workshop, flood }: Side): Promise<Measured> {
  const refreshes = await refresh.prepare(workshop, 0);
  const load = { base: workshop.target.base, threads: 1 };
  const cpu = () => [own.server.pid, own.cluster.pid].map(cpuMsOf);
  const before = cpu();
  const flooding = play(flood, { ...load, connections, seconds: seconds + 2 });
  const refreshed = await play(refreshes, { ...load, connections: REFRESHING, seconds });
  const { requests, seconds: took } = await flooding;
  const [serverMs = 0, databaseMs = 0] = cpu().map(
    (ms, n) => (ms - (before[n] ?? 0)) / (requests + refreshed.requests),
  );
  return { p99Ms: refreshed.p99Ms, refusals: requests, perSecond: requests / took, serverMs, databaseMs };
}

function report(turns: readonly (Turn & Measured)[]): void {
  const bodies = Array.from({ length: pairs }, (_, n) => {
    const pair = turns.slice(2 * n, 2 * n + 2).toSorted((one, two) => (one.side < two.side ? 1 : -1));
    const cells = FIGURES.map(({ of, digits, unit }) =>
      `${pair.map((turn) => of(turn).toFixed(digits)).join(' / ')} ${unit}`.trim(),
    );
    return [String(n + 1), ...cells];
  });
  const ratios = FIGURES.map(({ of }) => ratiosOfPairs(turns.map((turn) => ({ ...turn, value: of(turn) }))));
  const noise = FIGURES.map(({ of }) => ratiosOfOneSide(turns.map((turn) => ({ ...turn, value: of(turn) }))));
  const rows = [
    ...bodies,
    ['median of the ratios, and quartiles', ...ratios.map(written)],
    ['one side beside itself', ...noise.map(written)],
  ];
  const head = ['without / recording', ...FIGURES.map(({ name }) => name)];
  process.stdout.write(`${markdownTable(head, rows)}\n\n`);
  if ((quartiles(ratios[0] ?? [])?.median ?? 0) > MOST_RATIO) process.exitCode = 1;
}

function written(ratios: readonly number[]): string {
  const found = quartiles(ratios);
  return found ? `${found.median.toFixed(2)} (${found.low.toFixed(2)} to ${found.high.toFixed(2)})` : '-';
}

type Counts = Record<'recorded' | 'dropped', number>;

async function countsOf({ metrics }: Side): Promise<Counts> {
  const text = await (await fetch(metrics)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  return { recorded: sum('listo_refusals_recorded_total'), dropped: sum('listo_refusals_dropped_total') };
}

async function reportRows(
  { own }: Side,
  sent: number,
  { before, after }: Record<'before' | 'after', Counts>,
): Promise<void> {
  const database = await connect(own.cluster.url);
  const { rows } = await database.query(
    'SELECT count(*)::int AS lanes, sum(n)::int AS rows, max(n)::int AS largest FROM (SELECT count(*) AS n FROM refusals GROUP BY lane) AS t',
  );
  await database.end();
  const { lanes, rows: kept, largest } = rows[0];
  const [recorded, dropped] = [after.recorded - before.recorded, after.dropped - before.dropped];
  process.stdout.write(
    `Refused while measured: ${sent}; recorded ${recorded}, dropped and counted ${dropped}. ` +
      `The table has ${kept} rows in ${lanes} lanes, ${largest} in the largest.\n`,
  );
}
