import { openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, dpopProof } from '../support/clients/proofs.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  userinfo,
} from '../support/clients/relying-party.ts';
import { askToken, basic, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../support/clients/token-provider.ts';
import { isOfJobs } from '../support/databases/count-statements.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const AS_SERVICE = { client_id: DEMO_SERVICE.id, subject: 'somebody', scope: 'read:profile' };
const AS_APP = { client_id: DEMO_APP, scope: 'read:profile' };
const CREDENTIALS = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };

/** The cost of a request: statements to the database, rows written there, and RSA signatures. */
interface Cost {
  statements: number;
  rowsWritten: number;
  signatures: number;
}

describe('what a request costs, of a server that is warm', () => {
  let server: TestServer;
  const browser = openBrowser();
  let statements = 0;

  beforeAll(async () => {
    server = await startTestServer();
    await countRows(server);
    await settle(server);
    server.database.knex.on('query', ({ sql }: { sql: string }) => {
      if (!isOfJobs(sql) && !sql.includes('rows_written')) statements += 1;
    });
    // Fills the caches, and notes the use of the secrets for this minute.
    const { id_token, refresh_token = '' } = await obtainTokens(server.url, {}, browser);
    await refresh(server.url, refresh_token);
    await askToken(server, DEMO_BASIC, AS_SERVICE);
    await askToken(server, `Bearer ${id_token}`, AS_APP);
    await exchange(server.url, 'unknown', { client_secret: 'wrong' });
  });
  afterAll(async () => {
    await server.close();
  });

  const costOf = async (request: () => Promise<{ status: number }>, status = 200): Promise<Cost> => {
    const [rows, signatures] = [await rowsWritten(server), await signed(server)];
    statements = 0;
    const answer = await request();
    expect(answer.status).toBe(status);
    const sent = statements;
    return {
      statements: sent,
      rowsWritten: (await rowsWritten(server)) - rows,
      signatures: (await signed(server)) - signatures,
    };
  };

  it('to exchange a code: one statement uses it and begins its refresh tokens', async () => {
    const code = await obtainCode(server.url, {}, browser);
    expect(await costOf(() => exchange(server.url, code))).toEqual({
      statements: 1,
      rowsWritten: 2,
      signatures: 2,
    });
  });

  it('to refresh: one statement compares and counts up', async () => {
    const { refresh_token = '' } = await obtainTokens(server.url, {}, browser);
    expect(await costOf(() => refresh(server.url, refresh_token))).toEqual({
      statements: 1,
      rowsWritten: 1,
      signatures: 2,
    });
  });

  it('of a DPoP proof: a row in the same statement, and nothing for a token that is refused', async () => {
    const key = await aClientKey();
    const htu = `${server.url}/auth/token`;
    const post = async (fields: Record<string, string>) =>
      postForm(htu, { ...CREDENTIALS, ...fields }, { dpop: await dpopProof(key, { htu }) });
    const code = await obtainCode(server.url, {}, browser);
    const fields = { grant_type: 'authorization_code', code, redirect_uri: DEMO_WEB.redirect_uri };
    expect(await costOf(() => post(fields))).toEqual({ statements: 1, rowsWritten: 3, signatures: 2 });

    const { refresh_token = '' } = await obtainTokens(server.url, {}, browser);
    const again = { grant_type: 'refresh_token', refresh_token };
    expect(await costOf(() => post(again))).toEqual({ statements: 1, rowsWritten: 2, signatures: 2 });

    const unknown = { ...fields, code: 'x' };
    expect(await costOf(() => post(unknown), 400)).toEqual({ statements: 2, rowsWritten: 0, signatures: 0 });
    const forged = { ...again, refresh_token: 'x' };
    expect(await costOf(() => post(forged), 400)).toEqual({ statements: 0, rowsWritten: 0, signatures: 0 });
  });

  it('of userinfo and introspection: one look', async () => {
    const { access_token } = await obtainTokens(server.url, {}, browser);
    const look = { statements: 1, rowsWritten: 0, signatures: 0 };
    expect(await costOf(() => userinfo(server.url, access_token))).toEqual(look);
    const introspect = () =>
      postForm(`${server.url}/auth/introspect`, { token: access_token, ...CREDENTIALS });
    expect(await costOf(introspect)).toEqual(look);
  });

  it('to refuse a client that is not registered, or that has another secret: one look', async () => {
    const ask = (client_id: string) => () =>
      postForm(`${server.url}/auth/token`, { client_id, client_secret: 'x' });
    const look = { statements: 1, rowsWritten: 0, signatures: 0 };
    for (const id of ['nobody', DEMO_WEB.client_id]) expect(await costOf(ask(id), 401)).toEqual(look);
  });

  it('of authorize with a session: look it up, save a grant with its code', async () => {
    expect(await costOf(() => browser.get(authorizationUrl(server.url)), 303)).toEqual({
      statements: 2,
      rowsWritten: 2,
      signatures: 0,
    });
  });

  it('of a whole sign-in with a password, four requests', async () => {
    const other = openBrowser();
    const cost = await costOf(async () => {
      const page = await other.follow(await other.get(authorizationUrl(server.url)));
      const { email, password } = ADA;
      return other.follow(await other.submit(page, '/sign-in', { email, password }), DEMO_WEB.redirect_uri);
    }, 303);
    // Begins an interaction, gives it a result and ends it; then as above, with a new session and its audit event.
    expect(cost).toEqual({ statements: 12, rowsWritten: 7, signatures: 0 });
  });

  it('to revoke an access token: one row, for as long as it would have lived, and its audit event', async () => {
    const { access_token } = await obtainTokens(server.url, {}, browser);
    const revoke = () => postForm(`${server.url}/auth/revoke`, { token: access_token, ...CREDENTIALS });
    expect(await costOf(revoke)).toEqual({ statements: 1, rowsWritten: 2, signatures: 0 });
  });

  it('of a LiSTNR token: nothing but its signature', async () => {
    const { id_token } = await obtainTokens(server.url, {}, browser);
    const signature = { statements: 0, rowsWritten: 0, signatures: 1 };
    expect(await costOf(() => askToken(server, DEMO_BASIC, AS_SERVICE))).toEqual(signature);
    expect(await costOf(() => askToken(server, `Bearer ${id_token}`, AS_APP))).toEqual(signature);
  });

  it('to refuse a LiSTNR token to a name that nobody has, or with a wrong secret: nothing', async () => {
    const nothing = { statements: 0, rowsWritten: 0, signatures: 0 };
    const guess = (name: string) =>
      askToken(server, basic(name, 'wrong'), { client_id: name, subject: 'somebody' });
    for (const name of ['nobody-has-this', 'nobody-has-this', DEMO_SERVICE.id])
      expect(await costOf(() => guess(name), 401)).toEqual(nothing);
    const bearing = () => askToken(server, 'Bearer x.y.z', { client_id: 'nobody-has-that' });
    expect(await costOf(bearing, 401)).toEqual(nothing);
  });

  it.each(['/auth/jwks', '/v1/listnr-token-provider/jwks', '/.well-known/openid-configuration'])(
    'of %s: nothing',
    async (path) => {
      expect(await costOf(() => getJson(`${server.url}${path}`))).toEqual({
        statements: 0,
        rowsWritten: 0,
        signatures: 0,
      });
    },
  );

  it('of what is refused: no row', async () => {
    for (const [request, status] of [
      [() => exchange(server.url, 'unknown'), 400],
      [() => exchange(server.url, 'unknown', { client_secret: 'wrong' }), 401],
      [() => refresh(server.url, 'unknown.0.unknown'), 400],
      [() => userinfo(server.url, 'unknown'), 401],
    ] as const) {
      expect((await costOf(request, status)).rowsWritten).toBe(0);
    }
  });
});

/** Counts every row that a request writes, with triggers that only this test's database has. Refusals are written later. */
async function countRows({ database: { knex } }: TestServer): Promise<void> {
  await knex.raw(`
    CREATE SEQUENCE rows_written;
    CREATE FUNCTION count_row() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM nextval('rows_written'); RETURN NULL; END $$;
    DO $$ DECLARE t text; BEGIN
      FOR t IN SELECT relname FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
          AND relname <> 'refusals'
      LOOP
        EXECUTE format('CREATE TRIGGER count_row AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION count_row()', t);
      END LOOP;
    END $$;`);
}

async function rowsWritten({ database: { knex } }: TestServer): Promise<number> {
  const { rows } = await knex.raw('SELECT last_value, is_called FROM rows_written');
  return rows[0].is_called ? Number(rows[0].last_value) : 0;
}

async function signed({ services }: TestServer): Promise<number> {
  const metric = services.metrics.registry.getSingleMetric('listo_signatures_total');
  const { values = [] } = (await metric?.get()) ?? {};
  return values.reduce((sum, { value }) => sum + value, 0);
}

/** Waits until the server has checked twice for changes: at its first check it reads everything. */
async function settle({ database: { knex } }: TestServer): Promise<void> {
  let looks = 0;
  await new Promise<void>((settled) => {
    knex.on('query', ({ sql }: { sql: string }) => {
      if (!sql.includes('"versions"')) return;
      looks += 1;
      if (looks === 2) settled();
    });
  });
}
