import { freePort } from '../../../scripts/free-port.ts';
import { sendHttp } from '../../support/clients/raw-http.ts';
import { getJson, obtainTokens, userinfo } from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { childrenOf } from '../../support/servers/processes.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

describe('WORKERS=2', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let internal: string;

  beforeEach(async () => {
    database = await openTestDatabase();
    const INTERNAL_PORT = String(await freePort());
    internal = `http://localhost:${INTERNAL_PORT}`;
    server = await startServerProcess(database.url ?? '', { SEEDS_DIR, WORKERS: '2', INTERNAL_PORT });
    await until('both ready', bothReady);
  });
  afterEach(async () => {
    await server.stop();
    await database.close();
  });

  const bothReady = async () => (await getJson(`${internal}/readyz`)).body.ready === 2;

  it('serves from two processes, and replaces one that dies', async () => {
    const [killed = 0, other = 0] = childrenOf(server.pid);
    process.kill(killed, 'SIGKILL');
    await until(
      'another worker',
      () => childrenOf(server.pid).length === 2 && !childrenOf(server.pid).includes(killed),
    );
    expect(childrenOf(server.pid)).toContain(other);
    // The other worker may still be starting.
    await until('a worker that serves', async () => !(await refuses(server)));

    const tokens = await obtainTokens(server.url);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
  });

  it('answers who was handed to a worker that died before it took them', async () => {
    const [stopped = 0] = childrenOf(server.pid);
    process.kill(stopped, 'SIGSTOP');
    const asking = Array.from({ length: 8 }, () =>
      sendHttp(Number(new URL(server.url).port), { path: '/healthz' }).then(({ status }) => status),
    );
    // All but the one in front of the stopped worker.
    let answered = 0;
    for (const answer of asking) void answer.then(() => (answered += 1));
    await until('seven answers', () => answered === 7);
    process.kill(stopped, 'SIGKILL');
    expect(await Promise.all(asking)).toEqual(Array(8).fill(200));
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'lets a request under way finish on %s, then ends within seconds',
    async (signal) => {
      const { access_token } = await obtainTokens(server.url);
      // Everybody who reads a grant waits for this transaction.
      const blocker = await database.knex.transaction();
      await blocker.raw('LOCK TABLE grants');
      const underWay = userinfo(server.url, access_token);
      await until('a request that waits', async () => {
        const { rows } = await blocker.raw('SELECT 1 FROM pg_locks WHERE NOT granted');
        return rows.length > 0;
      });
      // A terminal and npm both pass on the same Ctrl-C.
      process.kill(server.pid, signal);
      const stopped = server.stop(signal);
      await until('no new connection', () => refuses(server));
      await blocker.rollback();
      const started = Date.now();

      expect((await underWay).status).toBe(200);
      expect(await stopped).toBe(0);
      expect(Date.now() - started).toBeLessThan(5000);
    },
  );
});

/** Whether a new connection is turned away. */
function refuses({ url }: ServerProcess): Promise<boolean> {
  return getJson(`${url}/healthz`).then(
    () => false,
    () => true,
  );
}
