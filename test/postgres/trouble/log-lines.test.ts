import { DEMO_WEB, postForm } from '../../support/clients/relying-party.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../../support/databases/database-proxy.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, spawnServerProcess, untilReady } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

let database: TestDatabase;
let wire: DatabaseProxy;
let server: ServerProcess | undefined;

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

/** Each line that a process wrote, on both of its outputs. The last one may still be on its way. */
function linesOf({ output }: ServerProcess): Record<string, unknown>[] {
  const lines = output().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line.startsWith('{') ? line : JSON.stringify({ notJson: line })));
}

describe.each(['1', '2'])('where nobody sits at a terminal, %s process', (WORKERS) => {
  it('writes nothing but JSON from its start to its end, the notices of the library included', async () => {
    await wire.cut();
    server = await spawnServerProcess(wire.url, { WORKERS, SEEDS_DIR, LOG_LEVEL: 'debug' });
    const { url } = server;
    await until('a sentence', () => server?.output().includes('does not answer') ?? false);
    await wire.mend();
    await untilReady(server);
    // The library has a notice for the first form that it did not parse itself.
    const { client_id, client_secret } = DEMO_WEB;
    await postForm(`${url}/auth/par`, { client_id, client_secret });
    await until('the notice', () =>
      linesOf(server as ServerProcess).some(({ msg }) => /oidc-provider/.test(String(msg))),
    );
    expect(await server.stop()).toBe(0);
    const lines = linesOf(server);
    expect(lines.filter((line) => 'notJson' in line)).toEqual([]);
    const said = lines.map(({ level, msg }) => `${level} ${msg}`);
    expect(said).toContainEqual(expect.stringMatching(/^warn Postgres at \S+ does not answer/));
    expect(said).toContain(`info Sign in with Listo is ready at ${url}. See it work: ${url}/demo`);
    expect(said).toContainEqual(expect.stringMatching(/^debug oidc-provider WARNING: already parsed/));
  });

  it('says in one line of JSON why it cannot start', async () => {
    const refused = new URL(wire.url);
    refused.password = 'wrong';
    server = await spawnServerProcess(refused.href, { WORKERS });
    expect(await server.exited).toBe(78);
    expect(linesOf(server)).toEqual([
      {
        level: 'fatal',
        time: expect.any(String),
        msg: expect.stringMatching(/refuses to let this server in/),
      },
    ]);
  });

  it('has one line a minute while the database is away, whatever is asked', async () => {
    server = await spawnServerProcess(wire.url, { WORKERS });
    const { url } = server;
    await untilReady(server);
    await wire.cut();
    const authorize = `${url}/auth/authorize?client_id=nobody&response_type=code`;
    // Each on a connection of its own: a connection stays with one process.
    const ask = () => fetch(authorize, { headers: { connection: 'close' } });
    for (let n = 0; n < 20; n += 1) expect((await ask()).status).toBe(503);
    await until('each process to say so', async () => {
      await ask();
      return away().length >= Number(WORKERS);
    });
    await wire.mend();
    await until('each process to say that it is over', () => over().length === Number(WORKERS));
    expect(away()).toHaveLength(Number(WORKERS));
    expect(server.output()).not.toMatch(/\bat .*\.ts:\d+/);
  });
});

const away = () => linesOf(server as ServerProcess).filter(({ msg }) => msg === 'the database is away');
const over = () =>
  linesOf(server as ServerProcess).filter(({ msg }) => msg === 'the database is there again');
