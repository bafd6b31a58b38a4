import { freePort } from '../../../scripts/free-port.ts';
import { ADA, getJson, obtainTokens } from '../../support/clients/relying-party.ts';
import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_APP,
  DEMO_SERVICE,
  JWKS,
  secretClientSql,
} from '../../support/clients/token-provider.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../../support/databases/database-proxy.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;
const SERVICES = Array.from({ length: 12 }, (_, n) => `service-${n + 1}`);
const APPS = Array.from({ length: 4 }, (_, n) => `app-${n + 1}`);
const DOCUMENTS = [
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/auth/jwks',
  JWKS,
];

let database: TestDatabase;
let wire: DatabaseProxy;
/** One server behind the wire that is cut, and one without it. */
let server: ServerProcess;
let neighbour: ServerProcess;
let internal: string;
let idToken: string;

beforeAll(async () => {
  database = await openTestDatabase();
  wire = await startDatabaseProxy(database.url ?? '');
  const issuer = `http://localhost:${await freePort()}`;
  neighbour = await startServerProcess(database.url ?? '', {
    SEEDS_DIR,
    ISSUER: issuer,
    PORT: new URL(issuer).port,
  });
  await database.knex.raw(
    [...SERVICES.map((id) => secretClientSql(id)), ...APPS.map((id) => bearerClientSql(id))].join('\n'),
  );
  ({ id_token: idToken } = await obtainTokens(neighbour.url));
});
beforeEach(async () => {
  const port = await freePort();
  internal = `http://localhost:${port}`;
  server = await startServerProcess(wire.url, { ISSUER: neighbour.url, INTERNAL_PORT: String(port) });
});
afterEach(async () => {
  await wire.mend();
  await server?.stop();
});
afterAll(async () => {
  await neighbour?.stop();
  await wire.close();
  await database.close();
});

const asService = ({ url }: ServerProcess, id: string) =>
  askToken({ url }, basic(id, DEMO_SERVICE.secret), { client_id: id, subject: 'somebody' });
const asApp = ({ url }: ServerProcess, id: string) =>
  askToken({ url }, `Bearer ${idToken}`, { client_id: id });

async function statusesOf(answers: Promise<{ status: number }>[]): Promise<number[]> {
  return [...new Set((await Promise.all(answers)).map(({ status }) => status))];
}

/** The distinct status codes of the answers to all clients. */
function askForAll(at: ServerProcess): Promise<number[]> {
  return statusesOf([
    ...[DEMO_SERVICE.id, ...SERVICES].map((id) => asService(at, id)),
    ...[DEMO_APP, ...APPS].map((id) => asApp(at, id)),
  ]);
}

describe('a process whose database goes before it had a request', () => {
  beforeEach(() => wire.cut());

  it('mints for every client of LiSTNR', async () => {
    expect(await askForAll(server)).toEqual([200]);
  });

  it('publishes discovery and both sets of keys', async () => {
    const answers = await Promise.all(DOCUMENTS.map((path) => getJson(server.url + path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const expected = await Promise.all(DOCUMENTS.map((path) => getJson(neighbour.url + path)));
    expect(answers.map(({ body }) => body)).toEqual(expected.map(({ body }) => body));
  });

  it('is ready for LiSTNR and not for the rest', async () => {
    const [all, listnr] = await Promise.all([
      getJson(`${server.url}/readyz`),
      getJson(`${server.url}/readyz/listnr`),
    ]);
    expect(all.status).toBe(503);
    expect({ status: listnr.status, body: listnr.body }).toEqual({ status: 200, body: { status: 'ready' } });
    expect(listnr.headers.get('cache-control')).toBe('no-store');
  });

  it('refuses whom it does not know as while the database was there', async () => {
    const [unknown, expected] = await Promise.all([
      asService(server, 'nobody-has-this'),
      asService(neighbour, 'nobody-has-this'),
    ]);
    expect({ status: unknown.status, body: unknown.body }).toEqual({ status: 401, body: expected.body });
    expect(expected.body.error).toBe('invalid_client');
  });
});

describe('a process whose database goes silent before it had a request', () => {
  it('mints and publishes without waiting for it', async () => {
    wire.silence();
    const began = performance.now();
    expect(await askForAll(server)).toEqual([200]);
    const documents = DOCUMENTS.map((path) => getJson(server.url + path));
    expect(await statusesOf([...documents, getJson(`${server.url}/readyz/listnr`)])).toEqual([200]);
    // A query that nobody answers takes longer.
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe('a process whose database is away', () => {
  it('says on its internal port how old its knowledge is', async () => {
    const ageOf = async () => {
      const { status, body } = await getJson(`${internal}/readyz`);
      const { clients, knowledgeAgeSeconds } = body.listnr as Record<string, number>;
      return { status, clients, age: knowledgeAgeSeconds ?? 0 };
    };
    const known = 2 + SERVICES.length + APPS.length;
    await until('a look that confirms', async () => (await ageOf()).age < 1.5);
    expect(await ageOf()).toEqual({ status: 200, clients: known, age: expect.any(Number) });
    await wire.cut();
    await until('the age to grow', async () => (await ageOf()).age > 3);
    expect(await ageOf()).toEqual({ status: 503, clients: known, age: expect.any(Number) });
    await wire.mend();
    await until('the knowledge to be confirmed again', async () => (await ageOf()).age < 1.5);
  });
});

describe('a process whose database goes right after a change', () => {
  it('goes on for every client, within the second in which it looks and after it', async () => {
    await database
      .knex('listnr_clients')
      .where({ id: 'service-1' })
      .update({ scopes: ['read:changed'] });
    await wire.cut();
    expect(await askForAll(server)).toEqual([200]);
    await until('the log to say that the looks fail', () =>
      server.output().includes('"msg":"the database is away"'),
    );
    expect(await askForAll(server)).toEqual([200]);
  });

  it('goes on for every client when the database comes and goes', async () => {
    for (let n = 0; n < 3; n += 1) {
      await database
        .knex('listnr_clients')
        .where({ id: 'service-1' })
        .update({ scopes: [`read:${n}`] });
      await wire.cut();
      expect(await askForAll(server)).toEqual([200]);
      await wire.mend();
      expect(await askForAll(server)).toEqual([200]);
    }
  });
});

describe('two processes', () => {
  const both = <T>(ask: (at: ServerProcess) => Promise<T>) => Promise.all([ask(server), ask(neighbour)]);
  const seen = (what: string, status: number, ask: (at: ServerProcess) => Promise<{ status: number }>) =>
    until(what, async () => (await both(ask)).every((answer) => answer.status === status));

  it('see a new client, its other secret, that secret revoked, and the client disabled', async () => {
    const secret = 'another-secret-not-for-production-000001';
    const digest = `sha256:${Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(secret))).toString(
      'hex',
    )}`;
    const ask = ({ url }: ServerProcess) =>
      askToken({ url }, basic('newcomer', secret), { client_id: 'newcomer', subject: 'somebody' });

    expect((await both((at) => asService(at, 'newcomer'))).map(({ status }) => status)).toEqual([401, 401]);
    await database.knex.raw(secretClientSql('newcomer'));
    await seen('a new client', 200, (at) => asService(at, 'newcomer'));

    expect((await both(ask)).map(({ status }) => status)).toEqual([401, 401]);
    await database.knex('listnr_client_secrets').insert({ client_id: 'newcomer', name: 'other', digest });
    await seen('its other secret', 200, ask);
    await database.knex('listnr_client_secrets').where({ client_id: 'newcomer', name: 'other' }).delete();
    await seen('that secret revoked', 401, ask);

    await database.knex('listnr_clients').where({ id: 'newcomer' }).update({ disabled_at: new Date() });
    await seen('the client disabled', 403, (at) => asService(at, 'newcomer'));
    await database.knex('listnr_clients').where({ id: 'newcomer' }).delete();
    await seen('the client gone', 401, (at) => asService(at, 'newcomer'));
  });

  it('see that a person was disabled, and do not forget it with the database', async () => {
    await database.knex('people').where({ id: ADA.id }).update({ disabled_at: new Date() });
    await seen('a person disabled', 401, (at) => asApp(at, DEMO_APP));
    await wire.cut();
    expect((await asApp(server, DEMO_APP)).status).toBe(401);
    await wire.mend();
    await database.knex('people').where({ id: ADA.id }).update({ disabled_at: null });
    await seen('a person enabled', 200, (at) => asApp(at, DEMO_APP));
  });
});
