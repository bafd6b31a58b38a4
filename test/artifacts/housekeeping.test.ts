import { createExpiredRowsStore } from '../../src/artifacts/expired-rows-store.ts';
import { jobsOf } from '../../src/jobs.ts';
import { obtainTokens, refresh } from '../support/relying-party.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

describe('housekeeping', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const rows = async () =>
    Number((await server.database.knex('revoked_access_tokens').count({ n: '*' }).first())?.n);
  const addExpired = (count: number) =>
    server.database.knex.raw(
      "INSERT INTO revoked_access_tokens (jti, expires_at) SELECT 'expired-' || n, now() - interval '1 hour' FROM generate_series(1, ?) n",
      [count],
    );

  it('deletes what has expired, in batches, and nothing else', async () => {
    const tokens = await obtainTokens(server.url);
    await addExpired(25);
    await server.database
      .knex('revoked_access_tokens')
      .insert({ jti: 'alive', expires_at: new Date(Date.now() + 60_000) });
    const store = createExpiredRowsStore(server.database.knex);
    expect(await store.lagSeconds('revoked_access_tokens')).toBeGreaterThan(3500);
    expect(await store.deleteBatch('revoked_access_tokens', 10)).toBe(10);
    expect(await rows()).toBe(16);

    await jobsOf(server.services)
      .find(({ name }) => name === 'housekeeping')
      ?.run();
    expect(await server.database.knex('revoked_access_tokens').pluck('jti')).toEqual(['alive']);
    expect(await store.lagSeconds('revoked_access_tokens')).toBe(0);
    expect((await refresh(server.url, tokens.refresh_token ?? '')).status).toBe(200);
  });

  it('finds expired rows by an index', async () => {
    await server.database.knex.raw('SET enable_seqscan = off');
    const { rows: plan } = await server.database.knex.raw(
      'EXPLAIN SELECT ctid FROM artifacts WHERE expires_at < now() ORDER BY expires_at LIMIT 10',
    );
    expect(JSON.stringify(plan)).toContain('artifacts_expiry');
  });
});
