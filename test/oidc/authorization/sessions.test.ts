import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  obtainCode,
  postForm,
  refresh,
  signIn,
  userinfo,
} from '../../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe("what is one browser's, one instance's and nobody's", () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
  });
  afterAll(() => server.close());

  describe('another instance', () => {
    let instance: string;
    let client: TestClient;
    let person: TestPerson;
    beforeAll(async () => {
      instance = await anInstance(server);
      client = await aClient(server, { instance_id: instance });
      person = await aPerson(server, { instance_id: instance });
    });
    const silently = async (from: Browser, client_id: string) => {
      const page = await from.get(authorizationUrl(server.url, { client_id, prompt: 'none' }));
      return new URL(page.location ?? '').searchParams;
    };

    it('does not see a session of this one, and has one of its own beside it', async () => {
      const both = (await signIn(server.url)).browser;
      expect((await silently(both, client.client_id)).get('error')).toBe('login_required');
      await signIn(server.url, { browser: both, person, parameters: { client_id: client.client_id } });
      const there = String((await silently(both, client.client_id)).get('code'));
      const here = String((await silently(both, DEMO_WEB.client_id)).get('code'));
      const { body: tokens } = await exchange(server.url, there, {
        client_id: client.client_id,
        client_secret: client.client_secret,
      });
      expect((await userinfo(server.url, String(tokens.access_token))).body.sub).toBe(person.id);
      const { body: ours } = await exchange(server.url, here);
      expect((await userinfo(server.url, String(ours.access_token))).body.sub).toBe(ADA.id);
    });

    it('takes no session cookie under another name: its signature is over the name, too', async () => {
      const cookies = browser.cookies().filter(({ name }) => name.startsWith('listo_session_demo'));
      expect(cookies).toHaveLength(2);
      const renamed = cookies.map(({ name, value }) => `${name.replace('_demo', `_${instance}`)}=${value}`);
      const url = authorizationUrl(server.url, { client_id: client.client_id, prompt: 'none' });
      const response = await fetch(url, { headers: { cookie: renamed.join('; ') }, redirect: 'manual' });
      const { searchParams } = new URL(response.headers.get('location') ?? '');
      expect(searchParams.get('error')).toBe('login_required');
    });
  });

  describe('another browser', () => {
    it('cannot continue what this one began: neither its page nor its return', async () => {
      const begun = await openBrowser().get(authorizationUrl(server.url));
      const stranger = openBrowser();
      // The address comes once more, to see whether this browser keeps cookies.
      const page = await stranger.follow(await stranger.get(String(begun.location)));
      expect(page.status).toBe(400);
      const uid = new URL(String(begun.location)).pathname.split('/').pop();
      const back = await stranger.get(`${server.url}/auth/authorize/${uid}`);
      expect((await stranger.follow(back)).status).toBe(400);
    });

    it('gets no code by returning before anybody signed in', async () => {
      const impatient = openBrowser();
      const begun = await impatient.get(authorizationUrl(server.url));
      const uid = new URL(String(begun.location)).pathname.split('/').pop();
      const page = await impatient.get(`${server.url}/auth/authorize/${uid}`);
      expect(page.location).toMatch(/\/interaction\//);
    });
  });

  describe('somebody who reads the database, or the log', () => {
    it('finds nothing there that could be presented', async () => {
      const { browser: mine, callback } = await signIn(server.url);
      const code = String(callback.get('code'));
      const { body: tokens } = await exchange(server.url, code);
      const { body: next } = await refresh(server.url, String(tokens.refresh_token));
      const unused = await obtainCode(server.url, {}, mine);
      const { client_id, client_secret, redirect_uri } = DEMO_WEB;
      const request = {
        response_type: 'code',
        scope: 'openid',
        prompt: 'login',
        client_id,
        client_secret,
        redirect_uri,
      };
      const { body: pushed } = await postForm(`${server.url}/auth/par`, request);
      const request_uri = String(pushed.request_uri);
      await mine.get(`${server.url}/auth/authorize?${new URLSearchParams({ client_id, request_uri })}`);
      await userinfo(server.url, String(tokens.access_token));

      const secrets = [
        code,
        unused,
        ADA.password,
        client_secret,
        request_uri.split(':').pop(),
        ...mine.cookies().map(({ value }) => value),
        ...[tokens, next].flatMap((answer) => [answer.access_token, answer.refresh_token, answer.id_token]),
      ].map(String);
      expect(secrets.length).toBeGreaterThan(14);
      const written = (await dump(server)) + JSON.stringify(server.logLines());
      expect(secrets.filter((secret) => secret.length < 20 || written.includes(secret))).toEqual([]);
    });
  });
});

/** Every row of every table, as text. */
async function dump({ database: { knex } }: TestServer): Promise<string> {
  const tables: string[] = await knex('information_schema.tables')
    .where({ table_schema: 'public', table_type: 'BASE TABLE' })
    .pluck('table_name');
  const rows = await Promise.all(
    tables.map((table) => knex.raw<{ rows: unknown[] }>('SELECT t::text FROM ?? t', [table])),
  );
  expect(tables.length).toBeGreaterThan(10);
  return JSON.stringify(rows.map((result) => result.rows));
}
