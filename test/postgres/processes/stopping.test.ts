import { Agent, request } from 'node:http';
import { freePort } from '../../../scripts/free-port.ts';
import { getJson, obtainTokens, userinfo } from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

let database: TestDatabase;
let server: ServerProcess;
let internal: string;
const clients: Agent[] = [];

beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server.stop();
  await database.close();
});

async function start(env: Record<string, string>): Promise<void> {
  const port = await freePort();
  internal = `http://localhost:${port}`;
  server = await startServerProcess(database.url ?? '', { SEEDS_DIR, INTERNAL_PORT: String(port), ...env });
}

/** A client with one connection, which stays open as long as the server allows. */
function client(): (path: string) => Promise<{ status: number; connection: string; reused: boolean }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  clients.push(agent);
  return (path) =>
    new Promise((answered, failed) => {
      const sent = request(server.url + path, { agent }, (response) => {
        response.resume();
        response.once('end', () =>
          answered({
            status: response.statusCode ?? 0,
            connection: String(response.headers.connection),
            reused: sent.reusedSocket,
          }),
        );
      });
      sent.once('error', failed);
      sent.end();
    });
}

/** A userinfo request that waits for a database lock, and a function that releases it. */
async function requestUnderWay(): Promise<{ answer: ReturnType<typeof userinfo>; letGo(): Promise<void> }> {
  const { access_token } = await obtainTokens(server.url);
  const blocker = await database.knex.transaction();
  await blocker.raw('LOCK TABLE grants');
  const answer = userinfo(server.url, access_token);
  await until('a request that waits', async () => {
    const { rows } = await blocker.raw('SELECT 1 FROM pg_locks WHERE NOT granted');
    return rows.length > 0;
  });
  return { answer, letGo: () => blocker.rollback() as unknown as Promise<void> };
}

const isDraining = async () => (await getJson(`${server.url}/readyz`)).status === 503;

describe.each(['1', '2'])('%s process that is told to stop, with DRAIN_SECONDS', (WORKERS) => {
  it('is not ready at once, serves on, says that each connection ends, and cuts nothing', async () => {
    await start({ WORKERS, DRAIN_SECONDS: '5' });
    const kept = client();
    expect(await kept('/healthz')).toEqual({ status: 200, connection: 'keep-alive', reused: false });
    expect(await kept('/healthz')).toEqual({ status: 200, connection: 'keep-alive', reused: true });
    const underWay = await requestUnderWay();

    const told = Date.now();
    const stopped = server.stop();
    await until('draining', isDraining);
    for (const path of ['/readyz', '/readyz/listnr'])
      expect(await getJson(server.url + path)).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect(await getJson(`${internal}/readyz`)).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect((await getJson(`${internal}/healthz`)).status).toBe(200);
    // A new connection, and one that was open before.
    expect(await client()('/healthz')).toEqual({ status: 200, connection: 'close', reused: false });
    expect(await kept('/auth/jwks')).toEqual({ status: 200, connection: 'close', reused: true });

    await underWay.letGo();
    const { status, headers } = await underWay.answer;
    expect({ status, connection: headers.get('connection') }).toEqual({ status: 200, connection: 'close' });
    expect(await stopped).toBe(0);
    expect(Date.now() - told).toBeGreaterThanOrEqual(5000);
  });

  it('fails no request of clients who go elsewhere once it says that it is not ready', async () => {
    await start({ WORKERS, DRAIN_SECONDS: '5' });
    let elsewhere = false;
    const failures: unknown[] = [];
    let answered = 0;
    const keepAsking = async (ask: (path: string) => Promise<{ status: number }>) => {
      while (!elsewhere) {
        const { status } = await ask('/auth/jwks').catch((error) => ({ status: error }));
        if (status === 200) answered += 1;
        else failures.push(status);
      }
    };
    const load = Promise.all([
      ...Array.from({ length: 8 }, () => keepAsking(client())),
      ...Array.from({ length: 8 }, () => keepAsking((path) => client()(path))),
    ]);
    await until('load', () => answered > 200);
    const stopped = server.stop();
    await until('draining', isDraining);
    const before = answered;
    await until('more load', () => answered > before + 50);
    elsewhere = true;
    await load;
    expect(failures).toEqual([]);
    expect(await stopped).toBe(0);
  });

  it('ends at once at a second signal, but not at the same one passed on twice', async () => {
    await start({ WORKERS, DRAIN_SECONDS: '60' });
    const told = Date.now();
    const stopped = server.stop('SIGINT');
    process.kill(server.pid, 'SIGTERM');
    await until('draining', isDraining);
    await until('a second that has passed', () => Date.now() - told > 1500);
    expect((await getJson(`${server.url}/healthz`)).status).toBe(200);

    process.kill(server.pid, 'SIGTERM');
    expect(await stopped).toBe(130);
    expect(Date.now() - told).toBeLessThan(10_000);
    await expect(getJson(`${server.url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('takes no new request with 0, and lets the one under way finish', async () => {
    await start({ WORKERS, DRAIN_SECONDS: '0' });
    const idle = client();
    await idle('/healthz');
    const underWay = await requestUnderWay();
    const stopped = server.stop();
    await until('no new connection', () =>
      getJson(`${server.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    await underWay.letGo();
    const { status, headers } = await underWay.answer;
    expect({ status, connection: headers.get('connection') }).toEqual({ status: 200, connection: 'close' });
    expect(await stopped).toBe(0);
  });
});

describe('one of two workers that is told to stop alone', () => {
  it('leaves its place to the others, with no word of it to the balancer', async () => {
    await start({ WORKERS: '2', DRAIN_SECONDS: '3' });
    await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
    const { workers } = (await getJson(`${internal}/readyz`)).body as { workers: { pid: number }[] };
    const leaving = workers[0]?.pid ?? 0;
    process.kill(leaving, 'SIGTERM');
    const isThere = async () => {
      const answer = (await getJson(`${internal}/readyz`)).body as { workers: { pid: number }[] };
      return answer.workers.some(({ pid }) => pid === leaving);
    };
    let asked = 0;
    while (await isThere()) {
      expect(await client()('/readyz')).toMatchObject({ status: 200 });
      asked += 1;
    }
    expect(asked).toBeGreaterThan(0);
    await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
  });
});
