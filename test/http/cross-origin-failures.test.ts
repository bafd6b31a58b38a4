import { DEMO_SPA } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const ORIGIN = new URL(DEMO_SPA.redirect_uri).origin;
const LISTNR = '/v1/listnr-token-provider/issue-token';
const CALLED_BY_PAGES = [
  ...['token', 'userinfo', 'revoke', 'introspect', 'par', 'device_authorization'].map(
    (name) => `/auth/${name}`,
  ),
  LISTNR,
];

describe('a page of another origin', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, { method: 'POST', ...init, headers: { origin: ORIGIN, ...init.headers } });

  const readable = ({ status, headers }: Response) => ({
    status,
    allowedOrigin: headers.get('access-control-allow-origin'),
    exposed: headers.get('access-control-expose-headers'),
  });
  const readableWith = (status: number) => ({
    status,
    allowedOrigin: ORIGIN,
    exposed: 'WWW-Authenticate, Retry-After, X-Request-Id',
  });

  it.each(CALLED_BY_PAGES)('may read that its body is too large, or none that is taken: %s', async (path) => {
    const type = path === LISTNR ? 'application/json' : 'application/x-www-form-urlencoded';
    const large = await send(path, { headers: { 'content-type': type }, body: 'x'.repeat(70_000) });
    expect(readable(large)).toEqual(readableWith(413));
    const compressed = await send(path, {
      headers: { 'content-type': type, 'content-encoding': 'gzip' },
      body: 'x',
    });
    expect(readable(compressed)).toEqual(readableWith(415));
    const xml = await send(path, { headers: { 'content-type': 'application/xml' }, body: '<a/>' });
    expect(readable(xml)).toEqual(readableWith(path === LISTNR ? 415 : 400));
  });

  it('of no origin may not: null is nobody', async () => {
    const answer = await send('/auth/token', {
      headers: { origin: 'null', 'content-type': 'application/xml' },
      body: '<a/>',
    });
    const origin = answer.headers.get('access-control-allow-origin');
    expect({ status: answer.status, origin }).toEqual({ status: 400, origin: null });
  });

  describe('that asks often', () => {
    let limited: TestServer;
    beforeAll(async () => {
      limited = await startTestServer({ env: { REQUESTS_PER_MINUTE: '5' } });
    });
    afterAll(() => limited.close());

    const preflight = (path: string, method = 'POST') =>
      fetch(`${limited.url}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: ORIGIN,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,baggage,content-type,traceparent,x-b3-traceid',
        },
      });

    it('is not counted for preflights, which may announce any header, and may read that it was refused', async () => {
      for (const path of [...CALLED_BY_PAGES, '/v1/listnr-token-provider/jwks', '/auth/jwks']) {
        const answers = await Promise.all(
          [1, 2].map(() => preflight(path, path.endsWith('jwks') ? 'GET' : 'POST')),
        );
        for (const { status, headers } of answers)
          expect({ path, status, allowed: headers.get('access-control-allow-headers') }).toEqual({
            path,
            status: 204,
            allowed: 'authorization,baggage,content-type,traceparent,x-b3-traceid',
          });
      }
      const userinfo = () => fetch(`${limited.url}/auth/userinfo`, { headers: { origin: ORIGIN } });
      const answers: Response[] = [];
      for (let n = 1; n <= 6; n += 1) answers.push(await userinfo());
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
      expect(answers.slice(5).map(readable)).toEqual([readableWith(429)]);
      expect(
        readable(await fetch(`${limited.url}/auth/token`, { method: 'POST', headers: { origin: ORIGIN } })),
      ).toEqual(readableWith(429));
      expect((await preflight('/auth/token')).status).toBe(204);
    });
  });
});
