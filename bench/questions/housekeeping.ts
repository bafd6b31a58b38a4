/**
 * `npm run bench:housekeeping -- --rows 10000000`: fills the tables with expired rows, and checks that the statements
 * of every request still use their indexes. Measures refreshes while nobody deletes the rows and while the server
 * does. Reports both, and how many rows a second the server deletes.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Client } from 'pg';
import { explain, type HotQuery, readHotQueries } from '../load/hot-queries.ts';
import { makeTokens } from '../load/material.ts';
import { measure, type Run, type Settings } from '../load/measure.ts';
import { generatorThreads, play } from '../load/wrk.ts';
import { wholeNumber } from '../options.ts';
import { progress, runProgram } from '../program.ts';
import { markdownTable } from '../report/table.ts';
import { userinfo } from '../scenarios/access-token.ts';
import { singleSignOn } from '../scenarios/browser.ts';
import { refresh } from '../scenarios/token-endpoint.ts';
import { connect, DATABASE } from '../set-up/cluster.ts';
import { copyRows, fillGrants, hashOf, openFiller } from '../set-up/fill.ts';
import { type Ground, type Own, signedInTarget, withGround, withServer } from '../set-up/own-server.ts';
import { temporaryFolder } from '../set-up/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    seconds: { type: 'string', default: '30' },
    warmup: { type: 'string', default: '5' },
    connections: { type: 'string', default: '32' },
    tolerance: { type: 'string', default: '15' },
  },
});
const rows = wholeNumber('rows', values.rows, 1000);
const settings: Settings = {
  seconds: wholeNumber('seconds', values.seconds, 1),
  warmup: wholeNumber('warmup', values.warmup, 1),
  connections: wholeNumber('connections', values.connections, 1),
  tolerance: wholeNumber('tolerance', values.tolerance, 1) / 100,
  cores: availableParallelism(),
  attempts: 3,
};
/** Housekeeping first runs a day after the start. */
const OFF = { HOUSEKEEPING_SECONDS: '86400' };
const ON = { HOUSEKEEPING_SECONDS: '1' };
/** Longer ago than any row waits after it expired. */
const EXPIRED = "now() - interval '3 days' - n % 1000000 * interval '1 second'";
/** The share for a table with one row for each sign-in, when `artifacts` has the codes and interactions of ten days. */
const SHARE = 10;

interface Measured extends Run {
  deletedPerSecond: number;
}

await runProgram(() =>
  withGround(async (ground) => {
    const off = await withServer(ground, { workers: settings.cores, extra: OFF }, async (own) => {
      await exercise(own);
      const hot = await readHotQueries(own.cluster.observer, DATABASE);
      await fillExpired(own);
      await reportPlans(own, hot);
      return measureRefresh(own);
    });
    const on = await withServer(ground, { workers: settings.cores, extra: ON }, measureRefresh);
    await report(ground, off, on);
  }),
);

async function fillExpired(own: Own): Promise<void> {
  progress(`Filling in ${rows} expired rows ...`);
  const filler = await openFiller(own.cluster.url);
  const few = { first: 1, last: Math.ceil(rows / SHARE) };
  const expires_at = EXPIRED;
  await fillGrants(filler, few, { expires_at });
  await copyRows(filler, {
    ...few,
    table: 'sessions',
    where: 't.person_id IS NOT NULL',
    changes: { uid: "'fill-' || n", id_hash: hashOf('session'), expires_at },
  });
  await filler.query(
    `INSERT INTO revoked_access_tokens (jti, expires_at) SELECT 'fill-' || n, ${EXPIRED} FROM generate_series(1, $1) AS n`,
    [few.last],
  );
  // The first tenth are the codes of those grants. The grants of the others no longer exist.
  await copyRows(filler, {
    ...{ first: 1, last: rows },
    table: 'artifacts',
    where: "t.model = 'AuthorizationCode' AND t.consumed_at IS NOT NULL",
    changes: {
      id_hash: hashOf('code'),
      grant_id: `CASE WHEN n <= ${few.last} THEN 'fill-' || n END`,
      consumed_at: EXPIRED,
      expires_at,
    },
  });
  await filler.query('VACUUM ANALYZE');
  await filler.end();
}

/**
 * Uses every endpoint a little, so that there is a row of each kind to copy and a statement of each kind to explain.
 */
async function exercise(own: Own): Promise<void> {
  const target = await signedInTarget(own);
  const { path: folder, remove } = temporaryFolder('requests');
  const workshop = { target, folder, threads: 1 };
  await makeTokens(workshop, 20);
  for (const scenario of [refresh, userinfo, singleSignOn]) {
    const what = await scenario.prepare(workshop, 0);
    await play(what, { base: target.base, seconds: 2, connections: 4, threads: 1 });
  }
  remove();
}

async function reportPlans({ cluster }: Own, hot: readonly HotQuery[]): Promise<void> {
  const app = await connect(cluster.url);
  const explained = await explain(app, hot);
  await app.end();
  const slow = explained.filter(({ scanned }) => scanned.length > 0);
  process.stdout.write(
    `${explained.length} statements of the server explained; ${slow.length} would read a large table from end to end.\n`,
  );
  for (const { query, calls, scanned } of slow)
    process.stdout.write(
      `  reads ${scanned.join(', ')} (${calls} calls): ${query.replaceAll(/\s+/g, ' ')}\n`,
    );
  if (slow.length > 0) process.exitCode = 1;
}

async function measureRefresh(own: Own): Promise<Measured> {
  const target = await signedInTarget(own);
  const { path: folder, remove } = temporaryFolder('requests');
  const app = await connect(own.cluster.url);
  const [started, before] = [performance.now(), await rowsDeleted(app)];
  const workshop = { target, folder, threads: generatorThreads(settings.cores) };
  const run = await measure(refresh, workshop, own, settings);
  const deleted = (await rowsDeleted(app)) - before;
  await app.end();
  remove();
  return { ...run, deletedPerSecond: (deleted * 1000) / (performance.now() - started) };
}

async function rowsDeleted(app: Client): Promise<number> {
  const { rows } = await app.query('SELECT sum(n_tup_del)::float8 AS deleted FROM pg_stat_user_tables');
  return rows[0].deleted;
}

async function report({ cluster }: Ground, off: Measured, on: Measured): Promise<void> {
  const app = await connect(cluster.url);
  const left = await app.query(
    "SELECT count(*)::int AS rows FROM artifacts WHERE expires_at < now() - interval '1 day'",
  );
  await app.end();
  const line = (what: string, of: (run: Measured) => number, unit: string, digits = 0) => [
    what,
    `${of(off).toFixed(digits)}${unit}`,
    `${of(on).toFixed(digits)}${unit}`,
    of(off) < 0.01 ? '' : `${(of(on) / of(off)).toFixed(2)} ×`,
  ];
  process.stdout.write(
    `\n${markdownTable(
      ['refresh', 'nobody deletes', 'housekeeping', 'ratio'],
      [
        line('median', (run) => run.p50Ms, ' ms', 1),
        line('p99', (run) => run.p99Ms, ' ms', 1),
        line('a second', (run) => run.requestsPerSecond, ''),
        line('of the limit', (run) => run.ratio, '', 2),
        line('rows deleted a second', (run) => run.deletedPerSecond, ''),
      ],
    )}\n\nExpired rows of artifacts left at the end: ${left.rows[0].rows} of ${rows}.\n`,
  );
  if (left.rows[0].rows === 0)
    process.stdout.write('None was left, so part of the time there was nothing to delete: take more rows.\n');
}
