import { sendHttp } from '../support/clients/raw-http.ts';
import {
  authorizationUrl,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { redirect_uri: REDIRECT_URI, ...CREDENTIALS } = DEMO_WEB;
const TRACING = {
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  tracestate: 'vendor=value',
  baggage: 'key=value;property',
  'x-b3-traceid': '463ac35c9f6413ad48485a3953bb6124',
  'x-requested-with': 'XMLHttpRequest',
};

describe('what HTTP libraries and tracing tools add by themselves does no harm', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const status = async (path: string, headers: Record<string, string>, body?: string, method = 'POST') =>
    (await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }))
      .status;
  const form = () => new URLSearchParams({ ...CREDENTIALS, token: 'unknown' }).toString();

  it.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=UTF-8',
    'application/x-www-form-urlencoded;charset="utf-8"',
    'Application/X-WWW-Form-Urlencoded ;charset=utf-8',
  ])('a form of the type %s', async (type) => {
    expect(await status('/auth/introspect', { 'content-type': type, ...TRACING }, form())).toBe(200);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON;charset=UTF-8'])(
    'JSON of the type %s',
    async (type) => {
      const code = await obtainCode(server.url);
      const body = JSON.stringify({ grant_type: 'authorization_code', code, ...DEMO_WEB });
      expect(await status('/auth/token', { 'content-type': type, ...TRACING }, body)).toBe(200);
    },
  );

  it.each([
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain;charset=UTF-8',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('the type %s without a body', async (type) => {
    const { access_token } = await obtainTokens(server.url);
    const headers = { authorization: `Bearer ${access_token}`, 'content-type': type, ...TRACING };
    expect(await status('/auth/userinfo', headers, undefined, 'GET')).toBe(200);
    expect(await status('/auth/userinfo', headers, '')).toBe(200);
    expect(await status('/auth/token', { 'content-type': type }, '')).toBe(400);
  });

  it('a Content-Encoding that says there is none, and an expectation', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'Identity' };
    expect(await status('/auth/introspect', headers, form())).toBe(200);
    const body = form();
    for (const expectation of ['100-continue', '100-Continue', 'something-else']) {
      const answer = await sendHttp(Number(new URL(server.url).port), {
        method: 'POST',
        path: '/auth/introspect',
        headers: { 'content-type': 'application/x-www-form-urlencoded', expect: expectation },
        body,
      });
      expect(answer.status).toBe(200);
    }
  });

  it('parameters that nobody knows, at authorize', async () => {
    const { callback } = await signIn(server.url, {
      parameters: { utm_source: 'mail', fbclid: 'x', _ga: '1', audience: 'https://api.example' },
    });
    expect(callback.get('code')).toMatch(/./);
  });
});

describe('an address comes back as it was registered', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it.each([
    'http://127.0.0.1:9999/callback?tenant=a%20b&flag&empty=&plus=1+2&tilde=~*()',
    'http://127.0.0.1:9999/callback?x=%C3%A9&x=2',
    'http://127.0.0.1:9999/a%2Fb/?',
  ])('%s', async (redirect_uri) => {
    const client = await aClient(server, { redirect_uris: [redirect_uri] });
    const { browser } = await signIn(server.url);
    const url = (more: Record<string, string> = {}) =>
      authorizationUrl(server.url, { client_id: client.client_id, redirect_uri, state: 's t', ...more });
    const page = await browser.follow(await browser.get(url()), 'http://127.0.0.1:9999/');
    const location = String(page.location);
    const begin = redirect_uri.endsWith('?') ? redirect_uri : `${redirect_uri}&`;
    expect(location.slice(0, begin.length + 5)).toBe(`${begin}code=`);
    const code = String(new URL(location).searchParams.get('code'));
    expect((await exchange(server.url, code, { ...client })).status).toBe(200);
    const refused = await browser.follow(await browser.get(url({ scope: 'x' })), 'http://127.0.0.1:9999/');
    const explained = `${server.url}/auth/explain?request_id=${refused.headers.get('x-request-id')}`;
    expect(refused.location).toBe(
      `${begin}error=invalid_scope&error_description=Invalid+scopes&state=s+t&iss=${encodeURIComponent(server.url)}&error_uri=${encodeURIComponent(explained)}`,
    );
  });

  it('also after signing out', async () => {
    const back = 'http://127.0.0.1:9999/bye?tenant=a%20b&flag';
    const client = await aClient(server, { post_logout_redirect_uris: [back] });
    const { browser, callback } = await signIn(server.url, {
      parameters: { client_id: client.client_id, redirect_uri: REDIRECT_URI },
    });
    const { body } = await exchange(server.url, String(callback.get('code')), { ...client });
    const query = new URLSearchParams({
      id_token_hint: String(body.id_token),
      post_logout_redirect_uri: back,
      state: 's',
    });
    const page = await browser.get(`${server.url}/auth/logout?${query}`);
    expect(page.location).toBe(`${back}&state=s`);
  });
});
