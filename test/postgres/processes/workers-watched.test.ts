import { freePort } from '../../../scripts/free-port.ts';
import { getJson } from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { childrenOf } from '../../support/servers/processes.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const READY = {
  status: 'ready',
  pid: expect.any(Number),
  database: { kind: 'postgres', ms: expect.any(Number) },
  keys: { oidc: expect.any(String), listnr: expect.any(String) },
};

describe('the internal port of WORKERS=2', () => {
  let database: TestDatabase;
  let server: ServerProcess;
  let internal: string;

  beforeEach(async () => {
    database = await openTestDatabase();
    const port = await freePort();
    internal = `http://localhost:${port}`;
    server = await startServerProcess(database.url ?? '', { WORKERS: '2', INTERNAL_PORT: String(port) });
    await until('both ready', async () => (await readiness()).body.ready === 2);
  });
  afterEach(async () => {
    for (const pid of childrenOf(server.pid)) process.kill(pid, 'SIGCONT');
    await server.stop();
    await database.close();
  });

  const readiness = () => getJson(`${internal}/readyz`);
  const scrape = async () => {
    const answer = await fetch(`${internal}/metrics`);
    return {
      status: answer.status,
      retryAfter: answer.headers.get('retry-after'),
      text: await answer.text(),
    };
  };

  it('has the sum of what both counted, however many ask at once', async () => {
    for (let n = 0; n < 10; n += 1) await getJson(`${server.url}/auth/jwks`, { connection: 'close' });
    const answers = await Promise.all(Array.from({ length: 20 }, scrape));
    for (const { status, text } of answers) {
      expect(status).toBe(200);
      expect(text).toContain(
        'listo_http_request_duration_seconds_count{endpoint="/auth/jwks",method="GET",status="200"} 10\n',
      );
    }
  });

  it('says of each whether it is ready', async () => {
    expect(await readiness()).toMatchObject({
      status: 200,
      body: { status: 'ready', ready: 2, workers: [READY, READY] },
    });
    const workers = (await readiness()).body.workers as { pid: number }[];
    expect(workers.map(({ pid }) => pid).toSorted()).toEqual(childrenOf(server.pid).toSorted());
  });

  it('answers in time while one is stopped and the other is replaced, and serves on', async () => {
    const [stopped = 0, killed = 0] = childrenOf(server.pid);
    process.kill(stopped, 'SIGSTOP');

    const started = Date.now();
    const [metrics, health] = await Promise.all([scrape(), readiness(), scrape(), scrape()]);
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(metrics).toEqual({ status: 503, retryAfter: '5', text: '{"status":"not ready"}' });
    expect(health).toMatchObject({ status: 200, body: { status: 'ready', ready: 1 } });
    expect(health.body.workers).toContainEqual({ pid: stopped, status: 'silent' });

    const asking = Promise.all([scrape(), scrape(), readiness()]);
    process.kill(killed, 'SIGKILL');
    expect((await asking).map(({ status }) => status)).toEqual([503, 503, 503]);
    await until('one ready', async () => (await readiness()).body.ready === 1);

    process.kill(stopped, 'SIGCONT');
    await until('metrics', async () => (await scrape()).status === 200);
    expect(await readiness()).toMatchObject({ status: 200, body: { status: 'ready', ready: 2 } });
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);
  });

  it('sums the others while one is just being replaced', async () => {
    const [killed = 0, other = 0] = childrenOf(server.pid);
    process.kill(killed, 'SIGKILL');
    for (let n = 0; n < 20; n += 1) expect((await scrape()).status).toBe(200);
    await until('both ready', async () => (await readiness()).body.ready === 2);
    expect(childrenOf(server.pid)).toContain(other);
  });
});
