import { openBrowser } from '../support/browsers/browser.ts';
import { sendHttp } from '../support/clients/raw-http.ts';
import { signIn } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const ISSUER = 'https://login.example';
const SIGN_OUT = '/auth/logout';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { ISSUER } });
});
afterAll(() => server.close());

it('takes the cookies of an https issuer from the browser, by the names that hold them to its host', async () => {
  const browser = openBrowser({ servedAt: { [ISSUER]: `http://localhost:${server.port}` } });
  await signIn(ISSUER, { browser });
  const page = await browser.get(ISSUER + SIGN_OUT);
  const done = await browser.submit(page, '/confirm', { decision: 'sign_out' });
  expect({ status: done.status, location: done.location, cookies: done.headers.getSetCookie() }).toEqual({
    status: 303,
    location: `${ISSUER}${SIGN_OUT}/success?instance=demo`,
    cookies: [
      '__Host-listo_session_demo=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax; secure',
      '__Host-listo_session_demo.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax; secure',
    ],
  });
});

describe('a form that comes without cookies', () => {
  const post = (form: string) =>
    sendHttp(server.port, {
      method: 'POST',
      path: SIGN_OUT,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    });

  it('is repeated as an address, which has no token, nothing unknown, and everything else as it was', async () => {
    const { status, headers } = await post(
      'unknown=1&id_token_hint=a.b.c&instance=demo&state=1&client_secret=x&state=%26&client_id=c',
    );
    expect({ status, location: headers.location, cache: headers['cache-control'] }).toEqual({
      status: 303,
      location: `${SIGN_OUT}?client_id=c&state=1&state=%26&instance=demo`,
      cache: 'no-store',
    });
  });

  it('is refused when the address would be too long for a browser to follow', async () => {
    const formOf = (length: number) => `state=${'a'.repeat(length - `${SIGN_OUT}?state=`.length)}`;
    const longest = await post(formOf(32_768));
    expect({ status: longest.status, length: longest.headers.location?.length }).toEqual({
      status: 303,
      length: 32_768,
    });
    const { status, headers, body } = await post(formOf(32_769));
    expect({ status, location: headers.location, body: JSON.parse(body) }).toEqual({
      status: 413,
      location: undefined,
      body: {
        error: 'invalid_request',
        error_description: 'The request is too long for a browser to follow.',
      },
    });
  });
});

describe('the addresses of signing out', () => {
  it.each([
    [SIGN_OUT, 'HEAD, GET, POST'],
    [`${SIGN_OUT}/confirm`, 'POST, HEAD, GET'],
    [`${SIGN_OUT}/success`, 'HEAD, GET'],
  ])('%s takes %s, and refuses other methods', async (path, allow) => {
    const { status, headers, body } = await sendHttp(server.port, { method: 'DELETE', path });
    expect({ status, allow: headers.allow, body: JSON.parse(body) }).toEqual({
      status: 405,
      allow,
      body: { error: 'invalid_request', error_description: 'This address does not take that method.' },
    });
  });

  it('are one endpoint to whoever counts requests', async () => {
    for (const path of [SIGN_OUT, `${SIGN_OUT}/confirm`, `${SIGN_OUT}/success`, `${SIGN_OUT}/elsewhere`])
      await sendHttp(server.port, { method: 'OPTIONS', path });
    const text = await server.services.metrics.registry.metrics();
    const counted = text
      .split('\n')
      .filter((line) => line.startsWith('listo_http_request_duration_seconds_count{'))
      .filter((line) => line.includes('method="OPTIONS"'));
    expect(counted.toSorted()).toEqual([
      'listo_http_request_duration_seconds_count{endpoint="/auth/logout",method="OPTIONS",status="405"} 3',
      'listo_http_request_duration_seconds_count{endpoint="other",method="OPTIONS",status="404"} 1',
    ]);
  });
});
