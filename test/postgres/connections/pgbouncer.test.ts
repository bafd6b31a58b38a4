import pg from 'pg';
import { type Cluster, startCluster } from '../../machines/cluster.ts';
import { startPgbouncer } from '../../machines/pgbouncer.ts';
import { openWorkshop, requirePrograms, type Workshop } from '../../machines/programs.ts';
import { exchange, getJson, obtainCode, refresh, userinfo } from '../../support/clients/relying-party.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

/** Debian 12's PgBouncer (1.18) knows neither statement_timeout nor the names of statements. */
describe('behind PgBouncer in transaction mode', () => {
  let cluster: Cluster;
  let workshop: Workshop;
  let server: ServerProcess;

  beforeAll(async () => {
    requirePrograms(['pgbouncer']);
    cluster = await startCluster();
    workshop = openWorkshop('pgbouncer');
    const { username: user, password } = new URL(cluster.url());
    const port = await startPgbouncer(workshop, { port: cluster.port, user, password });
    server = await startServerProcess(cluster.url(port), { SEEDS_DIR });
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    workshop?.remove();
    cluster?.remove();
  });

  it('serves everything, also many requests at once, over connections that change with each statement', async () => {
    const codes: string[] = [];
    for (let n = 0; n < 4; n += 1) codes.push(await obtainCode(server.url));
    const exchanged = await Promise.all(codes.map((code) => exchange(server.url, code)));
    expect(exchanged.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (let n = 0; n < 5; n += 1) {
      const answers = await Promise.all(
        exchanged.map(({ body }) => userinfo(server.url, String(body.access_token))),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    }
    const refreshed = await Promise.all(
      exchanged.map(({ body }) => refresh(server.url, String(body.refresh_token))),
    );
    expect(refreshed.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);
  });

  it('tells in the audit trail where each request came from, whichever connection it had', async () => {
    const direct = new pg.Client({ connectionString: cluster.url() });
    await direct.connect();
    const codes: string[] = [];
    for (let n = 0; n < 4; n += 1) codes.push(await obtainCode(server.url));
    await Promise.all(codes.map((code) => exchange(server.url, code)));
    await Promise.all(codes.map((code) => exchange(server.url, code)));
    const { rows } = await direct.query(
      "SELECT event, way, address, count(DISTINCT request_id)::int AS requests FROM audit_events WHERE event = 'authorization_code.reused' GROUP BY 1, 2, 3",
    );
    expect(rows).toEqual([
      { event: 'authorization_code.reused', way: 'request', address: '127.0.0.1', requests: 4 },
    ]);
    const foreign = await direct.query("SELECT DISTINCT way FROM audit_events WHERE way LIKE 'role %'");
    expect(foreign.rows).toEqual([]);
    await direct.end();
  });

  it('says once that Postgres will not end its statements, and what to do about it', () => {
    const said = server
      .output()
      .split('\n')
      .filter((line) => line.includes('statement_timeout'));
    expect(said.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'What DATABASE_URL names refuses statement_timeout or idle_in_transaction_session_timeout at connecting, as PgBouncer does. Set both for the role in Postgres instead.',
      }),
    ]);
  });
});
