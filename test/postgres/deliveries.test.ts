import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../support/servers/server-process.ts';
import { until } from '../support/time/until.ts';

const DELIVERIES = 400;

/** The server of an application, which notes the tokens that it gets. */
interface Application {
  uri: string;
  /** The `sid` of each token. */
  heard: string[];
  /** Whether it answers. */
  silent: boolean;
  close(): Promise<void>;
}

describe('two processes that deliver from one database', () => {
  let database: TestDatabase;
  let env: Record<string, string>;
  const processes: ServerProcess[] = [];
  const applications: Application[] = [];
  beforeAll(async () => {
    database = await openTestDatabase();
    env = { ISSUER: 'http://localhost:1', LOG_LEVEL: 'warn' };
    await database.knex.raw("INSERT INTO instances (id, name) VALUES ('home', 'Home')");
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((server) => server.stop()));
    await database.knex('deliveries').delete();
    for (const application of applications.splice(0)) await application.close();
  });
  afterAll(() => database.close());

  const start = async () => {
    const server = await startServerProcess(database.url ?? '', env);
    processes.push(server);
    return server;
  };
  const anApplication = async (id: string): Promise<Application> => {
    const application = await listen();
    applications.push(application);
    await database.knex('clients').insert({
      ...{ id, instance_id: 'home', name: id, type: 'public' },
      redirect_uris: ['https://app.example/callback'],
      backchannel_logout_uri: application.uri,
    });
    return application;
  };
  const queue = (client_id: string, sids: string[]) =>
    database.knex('deliveries').insert(
      sids.map((sid) => ({
        ...{ kind: 'backchannel_logout', client_id },
        payload: JSON.stringify({ sub: 'ada', sid }),
      })),
    );
  const left = () => database.knex('deliveries').whereNot({ state: 'delivered' }).select('id');

  it('deliver each once', async () => {
    const application = await anApplication('twice-asked');
    await start();
    await start();
    const sids = Array.from({ length: DELIVERIES }, (_, n) => `session-${n}`);
    await queue('twice-asked', sids);
    await until('all are delivered', async () => (await left()).length === 0, 120_000);
    expect(application.heard.toSorted()).toEqual(sids.toSorted());
    const attempts = await database.knex('deliveries').distinct('attempts').pluck('attempts');
    expect(attempts).toEqual([1]);
  });

  it('deliver again what a process was sending that was killed', async () => {
    const application = await anApplication('killed-meanwhile');
    application.silent = true;
    const killed = await start();
    await queue('killed-meanwhile', ['one']);
    await until('it is under way', () => application.heard.length === 1);
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    processes.length = 0;
    application.silent = false;
    // A minute after it was taken. Nobody has to wait for that here.
    const { attempts, due_at } = await database.knex('deliveries').first('attempts', 'due_at');
    expect(attempts).toBe(1);
    expect(due_at.getTime() - Date.now()).toBeLessThan(61_000);
    await database.knex('deliveries').update({ due_at: database.knex.fn.now() });
    await start();
    await until('it is delivered', async () => (await left()).length === 0);
    expect(application.heard).toEqual(['one', 'one']);
    expect(await database.knex('deliveries').first('attempts', 'state')).toEqual({
      attempts: 2,
      state: 'delivered',
    });
  });

  it('settle what they are sending before they stop, and leave the rest to others', async () => {
    const application = await anApplication('stopped-meanwhile');
    application.silent = true;
    const stopping = await start();
    await queue(
      'stopped-meanwhile',
      Array.from({ length: 9 }, (_, n) => `session-${n}`),
    );
    await until('some are under way', () => application.heard.length === 4);
    const stopped = stopping.stop();
    processes.length = 0;
    application.silent = false;
    expect(await stopped).toBe(0);
    expect(application.heard).toHaveLength(4);
    const rows = await database.knex('deliveries').select('state', 'attempts');
    expect(rows.filter(({ attempts }) => attempts === 0)).toHaveLength(5);
    // They had ten seconds to be answered, and then failed. None is left to its claim.
    expect(rows.filter(({ attempts }) => attempts === 1)).toHaveLength(4);
    const unsettled = await database
      .knex('deliveries')
      .where({ attempts: 1, state: 'queued' })
      .whereNull('last_error');
    expect(unsettled).toEqual([]);
  });
});

async function listen(): Promise<Application> {
  const application: Application = { uri: '', heard: [], silent: false, close: async () => {} };
  const server: Server = createServer((request, response) => {
    void hear(application, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  application.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`;
  application.close = async () => {
    const closed = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await closed;
  };
  return application;
}

async function hear(application: Application, request: IncomingMessage, response: ServerResponse) {
  let body = '';
  for await (const chunk of request) body += chunk;
  const { sid } = decodeJwt(new URLSearchParams(body).get('logout_token') ?? '');
  application.heard.push(String(sid));
  if (!application.silent) response.end();
}
