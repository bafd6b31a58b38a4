import { createExpiredRowsStore, type Expiring } from '../../src/housekeeping/expired-rows-store.ts';
import { obtainCode, obtainTokens, refresh, userinfo } from '../support/clients/relying-party.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describe('housekeeping', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());
  beforeEach(() => server.database.knex('grants').delete());

  const count = async (table: string, where: object = {}) =>
    Number((await server.database.knex(table).where(where).count({ n: '*' }).first())?.n);
  const expire = (table: string, age: string, where: object = {}) =>
    server.database
      .knex(table)
      .where(where)
      .update({ expires_at: server.database.knex.raw('now() - ?::interval', [age]) });
  /** Moves the expiry to a past day. Rows that each use prolongs are found by that day. */
  const expireAt = (table: string, moment: string) =>
    server.database.knex(table).update({ expires_at: moment });

  it('deletes what has expired, in batches, and nothing else', async () => {
    const tokens = await obtainTokens(server.url);
    await server.database.knex.raw(
      "INSERT INTO revoked_access_tokens (jti, expires_at) SELECT 'expired-' || n, now() - interval '1 hour' FROM generate_series(1, 25) n",
    );
    await server.database
      .knex('revoked_access_tokens')
      .insert({ jti: 'alive', expires_at: new Date(Date.now() + 60_000) });
    const store = createExpiredRowsStore(server.database.knex);
    expect(await store.lagSeconds('revoked_access_tokens')).toBeGreaterThan(3500);
    expect(await store.deleteBatch('revoked_access_tokens', 10)).toBe(10);
    expect(await count('revoked_access_tokens')).toBe(16);

    await runJob(server, 'housekeeping');
    expect(await server.database.knex('revoked_access_tokens').pluck('jti')).toEqual(['alive']);
    expect(await store.lagSeconds('revoked_access_tokens')).toBe(0);
    expect((await refresh(server.url, tokens.refresh_token ?? '')).status).toBe(200);
  });

  it('takes the grant of a code that nobody redeemed with it', async () => {
    await obtainCode(server.url);
    await runJob(server, 'housekeeping');
    expect(await count('grants')).toBe(1);
    await expire('artifacts', '1 second', { model: 'AuthorizationCode' });
    await runJob(server, 'housekeeping');
    expect(await count('grants')).toBe(0);
  });

  it('leaves the grant of a code that was redeemed, and goes by its refresh tokens', async () => {
    const tokens = await obtainTokens(server.url);
    await expire('artifacts', '1 second', { model: 'AuthorizationCode' });
    await expire('refresh_families', '23 hours');
    await runJob(server, 'housekeeping');
    expect(await count('artifacts', { model: 'AuthorizationCode' })).toBe(0);
    // An access token may live a day longer than its refresh token.
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
    await expireAt('refresh_families', '2020-01-01T12:00:00Z');
    const lag = await createExpiredRowsStore(server.database.knex).lagSeconds('refresh_families');
    // Counted from the end of that day, plus the extra day of access tokens.
    expect(Math.abs(lag - (Date.now() - Date.UTC(2020, 0, 3)) / 1000)).toBeLessThan(60);
    await runJob(server, 'housekeeping');
    expect({ families: await count('refresh_families'), grants: await count('grants') }).toEqual({
      families: 0,
      grants: 0,
    });
  });

  it('ends no grant with the session it was given in, when that just expires', async () => {
    const tokens = await obtainTokens(server.url);
    await expireAt('sessions', '2020-01-01T12:00:00Z');
    await runJob(server, 'housekeeping');
    expect(await count('sessions')).toBe(0);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
  });

  it('is done by one replica at a time', async () => {
    const { knex } = server.database;
    await knex.raw(
      "INSERT INTO revoked_access_tokens (jti, expires_at) VALUES ('late', now() - interval '1 hour')",
    );
    await knex('job_locks').delete();
    expect(await createExpiredRowsStore(knex).deleteBatch('revoked_access_tokens', 10)).toBe(0);
    await knex('job_locks').insert({ name: 'housekeeping' });
    expect(await createExpiredRowsStore(knex).deleteBatch('revoked_access_tokens', 10)).toBe(1);
  });

  it.each<[Expiring, string]>([
    ['artifacts', 'artifacts_expiry'],
    ['sessions', 'sessions_expiry'],
    ['refresh_families', 'refresh_families_expiry'],
    ['grants', 'grants_expiry'],
  ])('finds expired %s by the index %s', async (what, index) => {
    const { knex } = server.database;
    await knex.transaction(async (trx) => {
      await trx.raw('SET LOCAL enable_seqscan = off');
      await trx.raw('SET LOCAL enable_sort = off');
      const statements: { sql: string; bindings: readonly unknown[] }[] = [];
      trx.on('query', (query) => statements.push(query));
      await createExpiredRowsStore(trx).deleteBatch(what, 10);
      const [{ sql, bindings } = { sql: '', bindings: [] }] = statements;
      const { rows: plan } = await trx.raw(
        `EXPLAIN ${sql.replaceAll(/\$\d+/g, '?')}`,
        bindings as unknown as string[],
      );
      expect(JSON.stringify(plan)).toContain(index);
    });
  });
});
