import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainTokens,
  pkce,
  postForm,
  refresh,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const WRONG_PASSWORD = 'a-wrong-password-somebody-typed';
const WRONG_SECRET = 'a-wrong-secret-somebody-configured';
const FAILURE = 'a failure of ours';

/** Runs every flow, notes the values on the wire that must not be in a log, and then searches every line for them. */
describe('the log', () => {
  let server: TestServer;
  let log: string;
  let failing = false;
  const seen = new Map<string, string>();

  beforeAll(async () => {
    server = await startTestServer();
    const { accessTokens } = server.services;
    const find = accessTokens.find;
    accessTokens.find = (token) => (failing ? Promise.reject(new Error(FAILURE)) : find(token));
    const stopNoting = noteSecrets(seen);
    try {
      await runEveryFlow(server, (fails) => {
        failing = fails;
      });
    } finally {
      stopNoting();
    }
    log = JSON.stringify(server.logLines());
  });
  afterAll(() => server.close());

  it('was written while secrets of every kind passed by', () => {
    const kinds = new Set([...seen.values()].map((kind) => kind.replace(/ .*/, '')));
    expect([...kinds].toSorted()).toEqual(
      [
        'access_token',
        'code',
        'code_verifier',
        'cookie',
        'csrf',
        'email',
        'id_token',
        'interaction',
        'password',
        'refresh_token',
        'secret',
      ].toSorted(),
    );
  });

  it('holds none of them', () => {
    const leaked = [...seen].filter(([value]) => log.includes(value)).map(([, kind]) => kind);
    expect(leaked).toEqual([]);
  });

  it('has one line for each request, each with an id of its own', () => {
    const requests = server.logLines().filter(({ msg }) => msg === 'request');
    expect(requests.length).toBeGreaterThan(30);
    expect(new Set(requests.map(({ requestId }) => requestId)).size).toBe(requests.length);
    for (const line of requests) {
      expect(line).toEqual(
        expect.objectContaining({
          level: 'info',
          time: expect.any(String),
          requestId: expect.any(String),
          method: expect.any(String),
          path: expect.not.stringContaining('?'),
          status: expect.any(Number),
          ms: expect.any(Number),
          ip: expect.any(String),
        }),
      );
    }
  });

  it('says of a failure of ours what it was, under the id of its request', () => {
    const failure = server.logLines().find(({ err }) => JSON.stringify(err ?? '').includes(FAILURE));
    expect(failure).toEqual(expect.objectContaining({ level: 'error', requestId: expect.any(String) }));
  });
});

async function runEveryFlow(server: TestServer, setFailing: (fails: boolean) => void): Promise<void> {
  const { url } = server;
  const browser = openBrowser();
  const signInPage = await browser.follow(await browser.get(authorizationUrl(url)));
  await browser.submit(signInPage, '/sign-in', { email: ADA.email, password: WRONG_PASSWORD });

  const { callback } = await signIn(url, { browser });
  const code = callback.get('code') ?? '';
  const { client_id, client_secret } = DEMO_WEB;
  await exchange(url, code, { client_secret: WRONG_SECRET });
  // In the wrong place: what a request claims to be is in the log.
  for (const misplaced of [WRONG_SECRET, code, ADA.email]) {
    await exchange(url, 'x', { client_id: misplaced, grant_type: misplaced });
    await fetch(authorizationUrl(url, { client_id: misplaced, login_hint: ADA.email }));
    await askToken(server, undefined, { client_id: misplaced });
  }
  await exchange(url, code, { redirect_uri: 'https://elsewhere.example/' });
  const tokens = (await exchange(url, code)).body as unknown as Tokens;
  await userinfo(url, tokens.access_token);
  await userinfo(url, `${tokens.access_token}x`);
  const refreshed = (await refresh(url, tokens.refresh_token ?? '')).body as unknown as Tokens;
  const basic = { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
  await postForm(`${url}/auth/introspect`, { token: refreshed.access_token }, basic);
  await postForm(`${url}/auth/revoke`, { token: refreshed.access_token }, basic);

  const spa = { ...pkce(), ...DEMO_SPA };
  const { code_verifier, ...request } = spa;
  const consented = await signIn(url, { parameters: request });
  await postForm(`${url}/auth/token`, {
    grant_type: 'authorization_code',
    code: consented.callback.get('code') ?? '',
    code_verifier,
    ...DEMO_SPA,
  });

  await askToken(server, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP, scope: 'read:profile' });
  await askToken(server, `Bearer ${tokens.access_token}`, { client_id: DEMO_APP });
  await askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
  await askToken(server, `Basic ${btoa(`${DEMO_SERVICE.id}:${WRONG_SECRET}`)}`, {
    client_id: DEMO_SERVICE.id,
  });

  await fetch(`${url}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"code":"${code}"`,
  });
  const another = await obtainTokens(url);
  setFailing(true);
  await userinfo(url, another.access_token);
  setFailing(false);
  await refresh(url, another.refresh_token ?? '');
  await browser.follow(await browser.get(`${url}/auth/logout?id_token_hint=${tokens.id_token}`));
  await refresh(url, refreshed.refresh_token ?? '');
}

/** Watches everything that goes over `fetch`, and notes each secret with its kind. */
function noteSecrets(seen: Map<string, string>): () => void {
  const note = (kind: string, value: unknown) => {
    if (typeof value === 'string' && value.length >= 12) seen.set(value, kind);
  };
  const noteParameters = (parameters: URLSearchParams) => {
    for (const name of ['code', 'csrf', 'password', 'code_verifier', 'refresh_token'] as const)
      note(name, parameters.get(name));
    note('secret', parameters.get('client_secret'));
  };
  note('email', ADA.email);
  for (const value of [DEMO_WEB.client_secret, DEMO_SERVICE.secret, WRONG_SECRET]) note('secret', value);

  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const target = new URL(String(input));
    note('interaction', /^\/(?:interaction|auth\/authorize)\/([^/]+)/.exec(target.pathname)?.[1]);
    if (init?.body instanceof URLSearchParams) noteParameters(init.body);
    const [scheme, credentials] = (new Headers(init?.headers).get('authorization') ?? '').split(' ');
    if (scheme === 'Basic') note('secret', credentials);
    const response = await fetch(input, init);
    for (const cookie of response.headers.getSetCookie())
      note('cookie', cookie.split(';')[0]?.split('=').slice(1).join('='));
    const location = response.headers.get('location');
    if (location) noteParameters(new URL(location, target).searchParams);
    const text = await response.clone().text();
    for (const [, csrf] of text.matchAll(/name="csrf" value="([^"]+)"/g)) note('csrf', csrf);
    if (text.startsWith('{')) {
      const body = JSON.parse(text) as Record<string, unknown>;
      for (const name of ['access_token', 'id_token', 'refresh_token']) note(name, body[name]);
    }
    return response;
  };
  return () => {
    globalThis.fetch = fetch;
  };
}
