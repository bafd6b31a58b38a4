import knex, { type Knex } from 'knex';
import { type Cluster, startCluster } from '../../machines/cluster.ts';
import { layWire, type Wire } from '../../machines/wire.ts';
import {
  authorizationUrl,
  exchange,
  getJson,
  obtainCode,
  obtainTokens,
  refresh,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { AWAY } from '../../support/servers/away.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;
const PASSWORD = 'both-have-this-one';

let first: Cluster;
let second: Cluster;
let firstSql: Knex;
let secondSql: Knex;
/** The wire between the server and the first database. */
let wire: Wire;
let server: ServerProcess;

beforeAll(async () => {
  first = await startCluster();
  second = await startCluster();
  firstSql = await connectAsAdmin(first);
  secondSql = await connectAsAdmin(second);
  wire = await layWire(first.port);
}, 120_000);
afterEach(async () => {
  wire.watch(undefined);
  await server?.stop();
});
afterAll(async () => {
  await firstSql?.destroy();
  await secondSql?.destroy();
  wire?.close();
  first?.remove();
  second?.remove();
});

/** Both databases have the same password, like the nodes of one database. */
async function connectAsAdmin(cluster: Cluster): Promise<Knex> {
  const own = knex({ client: 'pg', connection: cluster.url() });
  await own.raw(`ALTER ROLE postgres PASSWORD '${PASSWORD}'`);
  await own.destroy();
  return knex({ client: 'pg', connection: addressOf(cluster.port) });
}

const addressOf = (...ports: number[]) =>
  `postgres://postgres:${PASSWORD}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/postgres`;

const start = async (...ports: number[]) => {
  server = await startServerProcess(addressOf(...ports), { SEEDS_DIR });
};

/** Makes open connections see a failover. */
async function setReadOnly(sql: Knex, readOnly: boolean): Promise<void> {
  await sql.raw(`ALTER SYSTEM SET default_transaction_read_only = ${readOnly ? 'on' : 'off'}`);
  await sql.raw('SELECT pg_reload_conf()');
  await until('Postgres has read its configuration', async () => {
    const { rows } = await sql.raw('SHOW default_transaction_read_only');
    return (rows[0].default_transaction_read_only === 'on') === readOnly;
  });
}

const mint = () => askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });

/** The answers of the endpoints that write. */
async function answersOf(tokens: Tokens, code: string) {
  const answers = await Promise.all([
    refresh(server.url, tokens.refresh_token ?? ''),
    exchange(server.url, code),
    getJson(authorizationUrl(server.url), { accept: 'application/json' }),
    getJson(`${server.url}/readyz`),
  ]);
  return answers.map(({ status, headers, body }) => ({
    status,
    retryAfter: headers.get('retry-after'),
    body,
  }));
}

describe('a database that became read-only', () => {
  afterEach(() => setReadOnly(firstSql, false));

  it('is answered with 503, never 500, by those that hold a connection, and left for good without a restart', async () => {
    await start(first.port);
    const tokens = await obtainTokens(server.url);
    const code = await obtainCode(server.url);
    await setReadOnly(firstSql, true);

    // At first the old connections fail; later there are none, because a new one is used only if its node accepts
    // writes.
    for (let n = 0; n < 3; n += 1) expect(await answersOf(tokens, code)).toEqual(Array(4).fill(AWAY));
    expect((await mint()).status).toBe(200);
    expect((await getJson(`${server.url}/readyz/listnr`)).status).toBe(200);

    await setReadOnly(firstSql, false);
    expect((await exchange(server.url, code)).status).toBe(200);
    expect((await refresh(server.url, tokens.refresh_token ?? '')).status).toBe(200);
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);
  });

  it('is left for another host of the address, at once', async () => {
    await setReadOnly(secondSql, true);
    await start(second.port, first.port);
    const tokens = await obtainTokens(server.url);
    await setReadOnly(secondSql, false);
    // The server stays with the database that works.
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
    expect(await secondSql('pg_stat_activity').where({ application_name: 'listo' })).toEqual([]);
  });
});

describe('a database that goes silent', () => {
  it('is answered with 503, and left without a restart once it speaks', async () => {
    await start(wire.port);
    const tokens = await obtainTokens(server.url);
    const code = await obtainCode(server.url);
    wire.watch(() => false);
    expect(await answersOf(tokens, code)).toEqual(Array(4).fill(AWAY));
    expect((await mint()).status).toBe(200);
    wire.watch(undefined);
    expect((await exchange(server.url, code)).status).toBe(200);
    expect((await refresh(server.url, tokens.refresh_token ?? '')).status).toBe(200);
  });

  it('keeps nobody from the next host of the address', async () => {
    wire.watch(() => false);
    await start(wire.port, first.port);
    expect((await obtainTokens(server.url)).token_type).toBe('Bearer');
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);
  });
});

describe('a table that is locked', () => {
  let locker: Knex.Transaction;
  // It would hold the lock for the tests that follow, if this one fails.
  afterEach(async () => {
    if (!locker.isCompleted()) await locker.rollback();
  });

  it('leaves room for the requests of other endpoints', async () => {
    await start(first.port);
    const families = await Promise.all(Array.from({ length: 8 }, () => obtainTokens(server.url)));
    locker = await firstSql.transaction();
    await locker.raw('LOCK TABLE refresh_families');
    const refreshes = Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        refresh(server.url, families[n % families.length]?.refresh_token ?? ''),
      ),
    );
    const waiting = async () => {
      const { rows } = await firstSql.raw(
        "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'listo'",
      );
      return rows[0].n;
    };
    await until('half of the pool waits for the lock', async () => (await waiting()) >= 5);

    const answers: { status: number; body: unknown }[] = [];
    for (let n = 0; n < 20; n += 1) {
      const { status, body } = await userinfo(server.url, families[0]?.access_token ?? '');
      answers.push({ status, body });
      expect(await waiting()).toBeLessThanOrEqual(5);
    }
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await obtainCode(server.url)).toEqual(expect.any(String));
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);

    await locker.rollback();
    for (const { status } of await refreshes) expect([200, 503]).toContain(status);
    expect((await refresh(server.url, families[1]?.refresh_token ?? '')).status).toBe(200);
  });
});

describe('what Postgres refuses in the middle of a refresh', () => {
  const raise = (code: string, times: number) =>
    firstSql.raw(`
      DROP SEQUENCE IF EXISTS refused_writes; CREATE SEQUENCE refused_writes;
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('refused_writes') <= ${times} THEN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END IF;
        RETURN NEW;
      END $$;
      CREATE OR REPLACE TRIGGER refuse BEFORE UPDATE ON refresh_families FOR EACH ROW EXECUTE FUNCTION refuse()`);
  afterEach(() => firstSql.raw('DROP TRIGGER IF EXISTS refuse ON refresh_families'));

  it.each([
    ['40001', 1, 200],
    ['40P01', 1, 200],
    ['40001', 2, 503],
    ['53100', 1, 503],
    ['53300', 1, 503],
    ['57014', 1, 503],
    ['55P03', 1, 503],
    ['57P01', 1, 503],
    ['25006', 1, 503],
    ['55000', 1, 503],
    ['22P02', 1, 500],
    ['23505', 1, 500],
  ])('%s, %i times: %i, and the refresh token is still good', async (code, times, status) => {
    await start(first.port);
    const { refresh_token = '' } = await obtainTokens(server.url);
    await raise(code, times);
    const answer = await refresh(server.url, refresh_token);
    expect({ status: answer.status, retryAfter: answer.headers.get('retry-after') }).toEqual({
      status,
      retryAfter: status === 503 ? '5' : null,
    });
    expect((await refresh(server.url, refresh_token)).status).toBe(200);
  });
});
