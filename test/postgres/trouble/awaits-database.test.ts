import { freePort } from '../../../scripts/free-port.ts';
import { getJson } from '../../support/clients/relying-party.ts';
import { askToken, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../../support/databases/database-proxy.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { AWAY } from '../../support/servers/away.ts';
import { childrenOf } from '../../support/servers/processes.ts';
import { type ServerProcess, spawnServerProcess, untilReady } from '../../support/servers/server-process.ts';
import { unique } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

const STARTING = { status: 503, retryAfter: '5', body: { status: 'starting' } };
const ALIVE = { status: 200, retryAfter: null, body: { status: 'ok' } };

let database: TestDatabase;
let wire: DatabaseProxy;
let server: ServerProcess | undefined;
let internal: string;

beforeEach(async () => {
  database = await openTestDatabase();
  wire = await startDatabaseProxy(database.url ?? '');
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await wire.close();
  await database.close();
});

async function start(env: Record<string, string> = {}, url = wire.url): Promise<ServerProcess> {
  const port = await freePort();
  internal = `http://localhost:${port}`;
  server = await spawnServerProcess(url, { INTERNAL_PORT: String(port), ...env });
  return server;
}

async function ask(url: string) {
  const { status, headers, body } = await getJson(url, { connection: 'close' });
  return { status, retryAfter: headers.get('retry-after'), body };
}

/** Waits until the server has said why it waits, and listens. */
async function untilItWaits({ url, output }: ServerProcess, sentence = /does not answer/): Promise<void> {
  await until('a sentence', () => sentence.test(output())).catch((cause: unknown) => {
    throw new Error(`It said only: ${output()}`, { cause });
  });
  await until('a port that is open', () =>
    getJson(`${url}/healthz`).then(
      () => true,
      () => false,
    ),
  );
}

function sentences({ output }: ServerProcess): string[] {
  return (
    output()
      .split('\n')
      // The last line may still be on its way.
      .slice(0, -1)
      .map((line) => String(JSON.parse(line).msg))
      .filter((sentence) => sentence.startsWith('Postgres at '))
      .map((line) => line.replace(/at \S+ /, 'at PLACE '))
  );
}

describe.each(['1', '2'])('a server of %s process that starts while the database is away', (WORKERS) => {
  it('lives, is not ready, says so once, and serves when the database is there', async () => {
    await wire.cut();
    const waiting = await start({ WORKERS });
    await untilItWaits(waiting);
    for (const { path, answer } of [
      { path: '/healthz', answer: ALIVE },
      { path: '/readyz', answer: STARTING },
      { path: '/readyz/listnr', answer: STARTING },
      { path: '/auth/jwks', answer: AWAY },
      { path: '/v1/listnr-token-provider/jwks', answer: AWAY },
      { path: '/nowhere', answer: AWAY },
    ])
      expect({ path, answer: await ask(waiting.url + path) }).toEqual({ path, answer });
    const page = await (await fetch(waiting.url, { headers: { accept: 'text/html' } })).text();
    const [stylesheet = ''] = /\/assets\/[\w.-]+\.css/.exec(page) ?? [];
    expect((await fetch(waiting.url + stylesheet)).headers.get('content-type')).toBe(
      'text/css; charset=utf-8',
    );
    expect(await ask(`${internal}/healthz`)).toMatchObject({ status: 200 });
    expect(await ask(`${internal}/readyz`)).toMatchObject({ status: 503 });
    expect(await ask(`${internal}/metrics`)).toMatchObject({ status: 503, retryAfter: '5' });
    expect(sentences(waiting)).toEqual([
      'Postgres at PLACE does not answer (ECONNREFUSED). Start it, or correct DATABASE_URL.',
    ]);

    await wire.mend();
    await until('every process ready', async () => {
      const { status, body } = await getJson(`${internal}/readyz`, { connection: 'close' });
      return status === 200 && (body.ready ?? 1) === Number(WORKERS);
    });
    expect((await ask(`${waiting.url}/readyz`)).status).toBe(200);
    expect((await ask(`${waiting.url}/auth/jwks`)).status).toBe(200);
    expect(sentences(waiting)).toHaveLength(1);
    expect(await waiting.stop()).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s while it waits', async (signal) => {
    await wire.cut();
    const waiting = await start({ WORKERS });
    await untilItWaits(waiting);
    expect(await waiting.stop(signal)).toBe(0);
  });

  it('waits for a node that can be written to', async () => {
    const name = new URL(database.url ?? '').pathname.slice(1);
    await database.knex.raw('ALTER DATABASE ?? SET default_transaction_read_only = on', [name]);
    const waiting = await start({ WORKERS, SEEDS_DIR });
    await untilItWaits(waiting, /"(Postgres|The database) .*(25006|written)/);
    expect((await ask(`${waiting.url}/readyz`)).status).toBe(503);
    await database.knex.raw('ALTER DATABASE ?? RESET default_transaction_read_only', [name]);
    await untilReady(waiting);
  });

  it('ends with 78 and one sentence when the password is wrong', async () => {
    const url = new URL(database.url ?? '');
    url.password = 'wrong';
    const refused = await start({ WORKERS }, url.href);
    expect(await refused.exited).toBe(78);
    expect(sentences(refused)).toEqual([
      expect.stringMatching(
        /refuses to let this server in: .*Correct the user and password of DATABASE_URL\.$/,
      ),
    ]);
  });
});

it('a start ends with 78 when the key opens nothing', async () => {
  await untilReady(await start());
  await server?.stop();
  const KEY_ENCRYPTION_KEY = Buffer.alloc(32, 8).toString('base64');
  const refused = await start({ KEY_ENCRYPTION_KEY });
  expect(await refused.exited).toBe(78);
  expect(refused.output()).toContain('KEY_ENCRYPTION_KEY cannot open ');
});

describe('a worker that dies', () => {
  it('while the database is away ends nothing, and its replacement takes no request before it can serve', async () => {
    const running = await start({ WORKERS: '2', SEEDS_DIR });
    await untilReady(running);
    await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
    const [killed = 0, other = 0] = childrenOf(running.pid);
    await wire.cut();
    process.kill(killed, 'SIGKILL');
    await until('a sentence', () => sentences(running).length > 0);

    for (let n = 0; n < 30; n += 1) {
      expect((await ask(`${running.url}/auth/jwks`)).status).toBe(200);
      const minted = await askToken(running, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
      expect(minted.status).toBe(200);
    }
    expect(await getJson(`${internal}/readyz`)).toMatchObject({ status: 503, body: { ready: 0 } });
    expect(childrenOf(running.pid)).toContain(other);

    await wire.mend();
    await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
    expect(childrenOf(running.pid)).toContain(other);
  });

  it('is replaced again and again, more and more slowly, where its replacement cannot start', async () => {
    const role = unique('listo');
    const url = new URL(wire.url);
    Object.assign(url, { username: role, password: 'right' });
    await database.knex.raw("CREATE ROLE ?? SUPERUSER LOGIN PASSWORD 'right'", [role]);
    try {
      const running = await start({ WORKERS: '2' }, url.href);
      await untilReady(running);
      await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
      await database.knex.raw("ALTER ROLE ?? PASSWORD 'another'", [role]);
      process.kill(childrenOf(running.pid)[0] ?? 0, 'SIGKILL');
      await until('a few attempts', () => pauses(running).length >= 4);

      expect(pauses(running).slice(0, 4)).toEqual([0, 100, 200, 400]);
      expect((await ask(`${running.url}/healthz`)).status).toBe(200);
      await database.knex.raw("ALTER ROLE ?? PASSWORD 'right'", [role]);
      await until('both ready', async () => (await getJson(`${internal}/readyz`)).body.ready === 2);
      expect(await running.stop()).toBe(0);
    } finally {
      await database.knex.raw('DROP OWNED BY ??', [role]);
      await database.knex.raw('DROP ROLE ??', [role]);
    }
  });
});

function pauses({ output }: ServerProcess): number[] {
  return [...output().matchAll(/"pauseMs":(\d+)/g)].map(([, pause]) => Number(pause));
}
