import {
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../../support/databases/database-proxy.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { AWAY } from '../../support/servers/away.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

const BASIC = { authorization: `Basic ${btoa(`${DEMO_WEB.client_id}:${DEMO_WEB.client_secret}`)}` };

describe('while the database is away', () => {
  let database: TestDatabase;
  let wire: DatabaseProxy;
  let server: ServerProcess;
  let tokens: Tokens;

  beforeAll(async () => {
    database = await openTestDatabase();
    wire = await startDatabaseProxy(database.url ?? '');
    server = await startServerProcess(wire.url, { SEEDS_DIR });
    tokens = await obtainTokens(server.url);
  });
  afterEach(() => wire.mend());
  afterAll(async () => {
    await server?.stop();
    await wire.close();
    await database.close();
  });

  it('answers every endpoint that needs it with 503 and when to ask again, and is back by itself', async () => {
    const code = await obtainCode(server.url);
    await wire.cut();

    const answers = await Promise.all([
      exchange(server.url, code),
      refresh(server.url, tokens.refresh_token ?? ''),
      userinfo(server.url, tokens.access_token),
      getJson(authorizationUrl(server.url), { accept: 'application/json' }),
      getJson(`${server.url}/readyz`),
      postForm(`${server.url}/auth/revoke`, { token: tokens.refresh_token ?? '' }, BASIC),
      postForm(`${server.url}/auth/introspect`, { token: tokens.refresh_token ?? '' }, BASIC),
      postForm(
        `${server.url}/auth/par`,
        {
          client_id: DEMO_WEB.client_id,
          response_type: 'code',
          scope: 'openid',
          redirect_uri: DEMO_WEB.redirect_uri,
        },
        BASIC,
      ),
    ]);
    expect(
      answers.map(({ status, headers, body }) => ({ status, retryAfter: headers.get('retry-after'), body })),
    ).toEqual(Array(8).fill(AWAY));

    await wire.mend();
    // The attempt used up nothing.
    expect((await exchange(server.url, code)).status).toBe(200);
    expect((await refresh(server.url, tokens.refresh_token ?? '')).status).toBe(200);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
    expect((await getJson(`${server.url}/readyz`)).status).toBe(200);
  });

  it('goes on minting LiSTNR tokens for clients that were served before', async () => {
    const mint = () => askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
    expect((await mint()).status).toBe(200);
    await wire.cut();
    for (let n = 0; n < 20; n += 1) expect((await mint()).status).toBe(200);
    await wire.mend();
    expect((await mint()).status).toBe(200);
  });

  it('shows people a page, and says that the process is alive', async () => {
    await wire.cut();
    const page = await fetch(authorizationUrl(server.url), { headers: { accept: 'text/html' } });
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('5');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('Back in a moment');
    expect(await getJson(`${server.url}/healthz`)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('still publishes its keys', async () => {
    await wire.cut();
    for (const path of ['/auth/jwks', '/v1/listnr-token-provider/jwks', '/.well-known/openid-configuration'])
      expect((await getJson(server.url + path)).status).toBe(200);
  });

  it('answers no request with 500 when the database ends its connections under load', async () => {
    const asking = Promise.all(Array.from({ length: 60 }, () => userinfo(server.url, tokens.access_token)));
    await database.knex.raw(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    const statuses = new Set((await asking).map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    // Another connection may have ended without our noticing yet.
    await until('it is back', async () => (await userinfo(server.url, tokens.access_token)).status === 200);
  });
});
