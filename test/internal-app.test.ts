import { freePort } from '../scripts/free-port.ts';
import { sendHttp } from './support/clients/raw-http.ts';
import { startTestServer, type TestServer } from './support/servers/test-server.ts';

/** One route of each service, which all keep their names. */
const ROUTES = [
  '/healthz',
  '/auth/jwks',
  '/.well-known/openid-configuration',
  '/v1/listnr-token-provider/jwks',
];

/** All names below these prefixes are made up; served paths have their own names. */
const PREFIXES = [
  '/',
  '/auth/',
  '/auth/token/',
  '/auth/authorize/x/',
  '/.well-known/',
  '/v1/',
  '/v1/listnr-token-provider/',
  '/v1/listnr-token-provider/issue-token/',
  '/interaction/x/y/',
  '/assets/x/y/',
  '/demo/',
  '/healthz/',
  '/readyz/x/',
];

/** Made-up words of letters, which would once have become one endpoint each. */
function madeUp(n: number): string {
  return `word_${[...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('')}`;
}

async function seriesOf(internal: string): Promise<string[]> {
  const text = await (await fetch(`${internal}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith('listo_http_request_duration_seconds_count'))
    .map((line) => line.replace(/ \d+$/, ''));
}

describe('the internal port', () => {
  let server: TestServer;
  let internal: string;
  beforeAll(async () => {
    const port = await freePort();
    internal = `http://localhost:${port}`;
    server = await startTestServer({ env: { INTERNAL_PORT: String(port) } });
  });
  afterAll(() => server.close());

  it('counts requests by endpoint, without what varies in their paths', async () => {
    await fetch(`${server.url}/healthz`);
    await fetch(`${server.url}/interaction/some-uid-nobody-has`);
    await fetch(`${server.url}/somewhere/else`);
    const text = await (await fetch(`${internal}/metrics`)).text();
    const counted = text
      .split('\n')
      .filter((line) => line.startsWith('listo_http_request_duration_seconds_count'));
    expect(counted.toSorted()).toEqual([
      'listo_http_request_duration_seconds_count{endpoint="/healthz",method="GET",status="200"} 1',
      'listo_http_request_duration_seconds_count{endpoint="/interaction",method="GET",status="400"} 1',
      'listo_http_request_duration_seconds_count{endpoint="other",method="GET",status="404"} 1',
    ]);
  });

  it('keeps no more for any number of made-up addresses, served or refused', async () => {
    const port = Number(new URL(server.url).port);
    const served = await Promise.all(ROUTES.map((path) => sendHttp(port, { path })));
    expect(served.map(({ status }) => status)).not.toContain(404);
    const before = await seriesOf(internal);
    for (const prefix of PREFIXES) {
      for (let n = 0; n < 40; n += 1) {
        const made = ['GET', 'POST', 'PUT', 'BREW'].map((method) =>
          sendHttp(port, { method, path: `${prefix}${madeUp(n)}` }).catch(() => undefined),
        );
        await Promise.all(made);
      }
    }
    const added = (await seriesOf(internal)).filter((series) => !before.includes(series));
    expect(added.filter((series) => !series.includes('endpoint="other"'))).toEqual([]);
    expect(added.length).toBeLessThanOrEqual(8);
  });

  it('says what readiness consists of', async () => {
    const answer = await fetch(`${internal}/readyz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      status: 'ready',
      database: { kind: expect.stringMatching(/^(embedded|postgres)$/), ms: expect.any(Number) },
      clock: { offsetSeconds: 0 },
      keys: {
        oidc: server.services.keyRings.oidc.current.kid,
        listnr: server.services.keyRings.listnr.current.kid,
      },
      listnr: { clients: 2, knowledgeAgeSeconds: expect.any(Number) },
    });
  });

  it('is the only place with metrics', async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describe('a limit on requests', () => {
  let server: TestServer;
  let internal: string;
  beforeAll(async () => {
    const port = await freePort();
    internal = `http://localhost:${port}`;
    server = await startTestServer({
      env: {
        INTERNAL_PORT: String(port),
        REQUESTS_PER_MINUTE: '3',
        FAILURES_PER_MINUTE: '2',
        TRUSTED_PROXIES: '127.0.0.0/8, ::1',
      },
    });
  });
  afterAll(() => server.close());

  const ask = (from: string) =>
    fetch(`${server.url}/.well-known/openid-configuration`, { headers: { 'x-forwarded-for': from } });

  it('answers 429 with Retry-After once an address asked too often, and serves its neighbours', async () => {
    for (let n = 0; n < 3; n += 1) expect((await ask('192.0.2.1')).status).toBe(200);
    const refused = await ask('192.0.2.1');
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toEqual({
      error: 'too_many_requests',
      error_description: expect.stringMatching(/^Too many attempts\. Try again in \d+ seconds?\.$/),
    });
    expect((await ask('192.0.2.2')).status).toBe(200);
  });

  it('counts what it refuses under the endpoint that was asked for, and all others under one', async () => {
    const refuse = (path: string) =>
      fetch(server.url + path, { headers: { 'x-forwarded-for': '192.0.2.3' } });
    for (let n = 0; n < 3; n += 1) await refuse('/auth/jwks');
    for (const path of [
      '/auth/jwks',
      '/auth/made_up',
      '/.well-known/made-up',
      '/v1/listnr-token-provider/made-up',
    ])
      expect((await refuse(path)).status).toBe(429);
    expect((await seriesOf(internal)).filter((series) => series.includes('429'))).toEqual([
      expect.stringContaining('endpoint="/.well-known/openid-configuration"'),
      expect.stringContaining('endpoint="/auth/jwks"'),
      expect.stringContaining('endpoint="other"'),
    ]);
  });

  it('never refuses a health check', async () => {
    for (let n = 0; n < 5; n += 1) expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  });

  it('counts failed authentication by client and address, so that a neighbour is not shut out', async () => {
    const attempt = (clientId: string, from: string) =>
      fetch(`${server.url}/auth/revoke`, {
        method: 'POST',
        headers: { 'x-forwarded-for': from, authorization: `Basic ${btoa(`${clientId}:wrong`)}` },
        body: new URLSearchParams({ token: 'x' }),
      });
    expect((await attempt('client_demo_web', '192.0.2.7')).status).toBe(401);
    expect((await attempt('client_demo_web', '192.0.2.7')).status).toBe(401);
    expect((await attempt('client_demo_web', '192.0.2.7')).status).toBe(429);
    expect((await attempt('client_demo_web', '192.0.2.8')).status).toBe(401);
  });
});
