import { DEVICE_CODE_GRANT } from '../../src/tokens/redeem-device-code.ts';
import { openBrowser } from '../support/browsers/browser.ts';
import {
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  obtainTokens,
  postForm,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { redirect_uri, ...CREDENTIALS } = DEMO_WEB;
const SPACED = '  openid   email ';

describe('superfluous spaces in a scope', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const scopeFor = async (callback: URLSearchParams) =>
    (await exchange(server.url, String(callback.get('code')))).body.scope;

  it('do no harm at authorize', async () => {
    const state = 'a b  c&=+%';
    const { callback } = await signIn(server.url, { parameters: { scope: SPACED, state } });
    expect(await scopeFor(callback)).toBe('openid email');
    expect(callback.get('state')).toBe(state);
  });

  it('do no harm in a posted request', async () => {
    const { browser } = await signIn(server.url);
    const body = { ...Object.fromEntries(new URL(authorizationUrl(server.url)).searchParams), scope: SPACED };
    const response = await browser.post(`${server.url}/auth/authorize`, body);
    const page = await browser.follow(response, redirect_uri);
    expect(await scopeFor(new URL(String(page.location)).searchParams)).toBe('openid email');
  });

  it('do no harm in a pushed request', async () => {
    const fields = { ...CREDENTIALS, redirect_uri, response_type: 'code', scope: SPACED };
    const { body } = await postForm(`${server.url}/auth/par`, fields);
    const parameters = { request_uri: String(body.request_uri), redirect_uri, scope: undefined };
    const { callback } = await signIn(server.url, { parameters });
    expect(await scopeFor(callback)).toBe('openid email');
  });

  it('do no harm for a device', async () => {
    const { client_id } = await aClient(server, {
      ...{ type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE_GRANT] },
    });
    const begun = await postForm(`${server.url}/auth/device_authorization`, { client_id, scope: SPACED });
    const { browser } = await signIn(server.url);
    const page = await browser.get(String(begun.body.verification_uri_complete));
    await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
    const { body } = await postForm(`${server.url}/auth/token`, {
      ...{ grant_type: DEVICE_CODE_GRANT, client_id, device_code: String(begun.body.device_code) },
    });
    expect(body.scope).toBe('openid email');
  });

  it('do no harm at a refresh, by JSON or a form, and spaces alone are no scope', async () => {
    const tokens = await obtainTokens(server.url, { scope: 'openid profile email' });
    let token = String(tokens.refresh_token);
    const asJson = (scope: string) => refresh(server.url, token, { scope });
    const asForm = (scope: string) =>
      postForm(`${server.url}/auth/token`, {
        ...{ ...CREDENTIALS, grant_type: 'refresh_token', refresh_token: token, scope },
      });
    const scopes: unknown[] = [];
    for (const ask of [asJson, asForm]) {
      for (const scope of [SPACED, '   ']) {
        const { body } = await ask(scope);
        scopes.push(body.scope);
        token = String(body.refresh_token);
      }
    }
    const all = 'openid profile email';
    expect(scopes).toEqual(['openid email', all, 'openid email', all]);
  });

  it('do no harm at userinfo', async () => {
    const { access_token } = await obtainTokens(server.url);
    const headers = { authorization: `Bearer ${access_token}` };
    const url = `${server.url}/auth/userinfo`;
    const read = await getJson(`${url}?${new URLSearchParams({ scope: SPACED })}`, headers);
    const posted = await postForm(url, { scope: SPACED }, headers);
    for (const { status, body } of [read, posted])
      expect({ status, email: body.email, name: body.name }).toEqual({
        ...{ status: 200, email: 'ada@demo.example', name: undefined },
      });
  });

  it.each([
    ['a tab', 'openid\temail'],
    ['a line break', 'openid\nemail'],
    ['a comma', 'openid,email'],
  ])('are the only ones forgiven: %s is not', async (_what, scope) => {
    const browser = openBrowser();
    const page = await browser.follow(
      await browser.get(authorizationUrl(server.url, { scope })),
      redirect_uri,
    );
    expect(new URL(String(page.location)).searchParams.get('error')).toBe('invalid_scope');
  });
});
