import {
  type Answer,
  DEMO_WEB,
  getJson,
  obtainTokens,
  postForm,
  postJson,
} from '../support/clients/relying-party.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { client_id, client_secret, redirect_uri } = DEMO_WEB;
const WEB = { client_id, client_secret };
const EXCHANGE = { ...WEB, grant_type: 'authorization_code', redirect_uri };
const REFRESH = { ...WEB, grant_type: 'refresh_token' };

type Ask = (url: string, token: string) => Promise<Answer>;

const REQUESTS: Record<string, Ask> = {
  'an unknown code': (url) => postForm(`${url}/auth/token`, { ...EXCHANGE, code: 'x' }),
  'a misspelt parameter': (url) => postForm(`${url}/auth/token`, { ...REFRESH, refreshtoken: 'x' }),
  'a number in JSON': (url) => postJson(`${url}/auth/token`, { ...REFRESH, refresh_token: 1 }),
  'broken JSON': (url) => postJson(`${url}/auth/token`, '{'),
  'a wrong secret': (url) =>
    postForm(`${url}/auth/token`, { ...REFRESH, refresh_token: 'x', client_secret: 'wrong' }),
  'an unknown client': (url) => postForm(`${url}/auth/introspect`, { ...WEB, client_id: 'nobody' }),
  'a revoked token': (url, token) => postForm(`${url}/auth/introspect`, { ...WEB, token }),
  'a revoked token at userinfo': (url, token) =>
    getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${token}` }),
  'a page of another origin': (url, token) =>
    getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${token}`, origin: 'https://other.example' }),
  'no token': (url) => getJson(`${url}/auth/userinfo`),
};

describe('the short way and the long way', () => {
  let short: TestServer;
  let long: TestServer;
  const revoked = new Map<TestServer, string>();
  beforeAll(async () => {
    short = await startTestServer({ env: { DIRECT: 'all' } });
    long = await startTestServer({ env: { DIRECT: 'none' } });
    for (const server of [short, long]) {
      const { access_token } = await obtainTokens(server.url);
      await postForm(`${server.url}/auth/revoke`, { ...WEB, token: access_token });
      revoked.set(server, access_token);
    }
  });
  afterAll(async () => {
    await short.close();
    await long.close();
  });

  const ask = async (server: TestServer, request: Ask) => {
    const { headers, status, body } = await request(server.url, revoked.get(server) ?? '');
    const why = await recordedWhy(server, Promise.resolve({ headers }));
    return JSON.parse(JSON.stringify({ status, error: body.error, ...why }).replaceAll(server.url, 'ISSUER'));
  };

  it.each(Object.entries(REQUESTS))('give the same reason for %s', async (_what, request) => {
    const first = await ask(short, request);
    expect(first.reason).toMatch(/^[a-z_]+\.[a-z0-9_]+$/);
    expect(await ask(long, request)).toEqual(first);
  });

  it('say which parameter is missing, and which came', async () => {
    const { came, expected } = await ask(short, REQUESTS['a misspelt parameter'] as Ask);
    expect(expected).toEqual({ parameter: ['refresh_token'] });
    expect(came).toEqual({ parameter: ['client_id', 'client_secret', 'grant_type', 'refreshtoken'] });
  });
});
