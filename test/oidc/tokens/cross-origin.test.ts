import { openBrowser } from '../../support/browsers/browser.ts';
import { DEMO_SPA, exchangeAsSpa, postForm } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

describe('a request from a page in a browser (CORS)', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const browser = openBrowser();

  const origin = new URL(DEMO_SPA.redirect_uri).origin;
  const allowedOrigin = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin');
  const seenBy = (response: { status: number; headers: Headers }) => ({
    status: response.status,
    allowedOrigin: allowedOrigin(response),
  });
  const ENDPOINTS = ['token', 'userinfo', 'revoke', 'introspect', 'par'];

  it.each(ENDPOINTS)(
    'a preflight to %s names no client, so any origin is answered, without credentials',
    async (name) => {
      const response = await fetch(`${server.url}/auth/${name}`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://anywhere.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect(response.status).toBe(204);
      expect(corsHeaders(response)).toEqual({
        'access-control-allow-origin': 'https://anywhere.example',
        'access-control-allow-methods': name === 'userinfo' ? 'GET,POST' : 'POST',
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-max-age': '3600',
        vary: 'Origin',
      });
    },
  );

  // RFC 6749 section 5.2: neither a quotation mark nor a backslash nor a letter beyond ASCII.
  it.each([...ENDPOINTS, 'device_authorization'])(
    'a refusal repeats no character that a description may not have: %s',
    async (name) => {
      const { access_token } = (await exchangeAsSpa(server.url, {}, browser)).body;
      const answer = await postForm(
        `${server.url}/auth/${name}`,
        {
          ...DEMO_SPA,
          ...(name === 'userinfo' ? { access_token: String(access_token) } : {}),
          grant_type: 'refresh_token',
          refresh_token: 'x',
          token: 'x',
        },
        { origin: 'https://a"b\\\u00e9.example' },
      );
      expect(answer.body.error_description).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]+$/);
      expect(answer.headers.get('www-authenticate') ?? '').not.toMatch(/a"b|\\|\u00e9/);
    },
  );

  it.each(ENDPOINTS)('null is never an origin: %s', async (name) => {
    const headers = { origin: 'null', 'access-control-request-method': 'POST' };
    expect(
      allowedOrigin(await fetch(`${server.url}/auth/${name}`, { method: 'OPTIONS', headers })),
    ).toBeNull();
    expect(
      allowedOrigin(
        await fetch(`${server.url}/auth/${name}`, { method: 'POST', headers: { origin: 'null' } }),
      ),
    ).toBeNull();
  });

  it("the answer may be read from an origin of the client's redirect URIs", async () => {
    const answer = await exchangeAsSpa(server.url, { origin }, browser);
    expect({ ...seenBy(answer), vary: answer.headers.get('vary') }).toEqual({
      status: 200,
      allowedOrigin: origin,
      vary: 'Origin',
    });
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    const info = await fetch(`${server.url}/auth/userinfo`, {
      headers: { origin, authorization: `Bearer ${answer.body.access_token}` },
    });
    expect(seenBy(info)).toEqual({ status: 200, allowedOrigin: origin });
  });

  it('so may a refusal: of a code, of an expired token, of a revoked one', async () => {
    const { client_id, redirect_uri } = DEMO_SPA;
    const fields = { grant_type: 'authorization_code', code: 'unknown', client_id, redirect_uri };
    const refused = await fetch(`${server.url}/auth/token`, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams(fields),
    });
    expect(seenBy(refused)).toEqual({ status: 400, allowedOrigin: origin });

    await withStillTime(async (time) => {
      const { body } = await exchangeAsSpa(server.url, {}, browser);
      const headers = { origin, authorization: `Bearer ${body.access_token}` };
      await postForm(`${server.url}/auth/revoke`, { token: String(body.access_token), client_id });
      const revoked = await fetch(`${server.url}/auth/userinfo`, { headers });
      time.forward(3600);
      const expired = await fetch(`${server.url}/auth/userinfo`, { headers });
      for (const response of [revoked, expired]) {
        expect(seenBy(response)).toEqual({ status: 401, allowedOrigin: origin });
        expect(response.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate, X-Request-Id');
      }
    });
  });

  it('from any other origin a request is refused and cannot be read', async () => {
    const { body } = await exchangeAsSpa(server.url, {}, browser);
    for (const foreign of [
      'https://evil.example',
      'http://127.0.0.1:9998',
      'https://127.0.0.1:9999',
      `${origin}.evil.example`,
    ]) {
      const response = await fetch(`${server.url}/auth/userinfo`, {
        headers: { origin: foreign, authorization: `Bearer ${body.access_token}` },
      });
      expect(seenBy(response)).toEqual({ status: 400, allowedOrigin: null });
    }
  });

  it('a token that names no client allows nobody; without an Origin nothing is said', async () => {
    const headers = { authorization: 'Bearer unknown' };
    const answers = [
      await fetch(`${server.url}/auth/userinfo`, { headers: { ...headers, origin } }),
      await fetch(`${server.url}/auth/userinfo`, { headers }),
      await fetch(`${server.url}/auth/token`, { method: 'POST' }),
    ];
    expect(answers.map(allowedOrigin)).toEqual([null, null, null]);
  });

  it('OPTIONS that is no preflight is told what the address takes', async () => {
    const response = await fetch(`${server.url}/auth/token`, { method: 'OPTIONS' });
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({
      status: 204,
      allow: 'POST, OPTIONS',
    });
  });
});

function corsHeaders({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => /^access-control-|^vary$/.test(name)));
}
