import { DEVICE_CODE_GRANT } from '../../../src/tokens/redeem-device-code.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  type Answer,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  obtainCode,
  postForm,
  refresh,
  signIn,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const ASKED = 'openid email offline_access';

/** Clients repeat their scopes with each refresh, and compare the answer's with those they asked for. */
describe('offline_access', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const begin = async (parameters: Record<string, string> = { scope: ASKED }, client = DEMO_WEB) =>
    tokensOf(
      await exchange(
        server.url,
        await obtainCode(server.url, { ...withoutSecret(client), ...parameters }),
        client,
      ),
    );
  const again = async (refreshToken: string, scope?: string, client: TestClient = DEMO_WEB) => {
    const { redirect_uri: _, ...credentials } = client;
    return tokensOf(
      await refresh(server.url, refreshToken, { ...credentials, ...(scope === undefined ? {} : { scope }) }),
    );
  };

  it('is in the answer of a client that asks for it, and of each refresh, repeated or not', async () => {
    const first = await begin();
    expect(first.scope).toBe(ASKED);
    const second = await again(first.refresh_token);
    const third = await again(second.refresh_token, ASKED);
    const fourth = await again(third.refresh_token, 'offline_access openid');
    const fifth = await again(fourth.refresh_token, 'openid');
    const sixth = await again(fifth.refresh_token);
    expect([second, third, fourth, fifth, sixth].map(({ scope }) => scope)).toEqual([
      ASKED,
      ASKED,
      'offline_access openid',
      'openid',
      ASKED,
    ]);
  });

  it('is in the scope of the tokens themselves, and at introspection', async () => {
    const { access_token, id_token, refresh_token } = await begin();
    expect([access_token, id_token].map(scopeIn)).toEqual([ASKED, ASKED]);
    const { client_id, client_secret } = DEMO_WEB;
    for (const token of [access_token, refresh_token])
      expect(
        (await postForm(`${server.url}/auth/introspect`, { token, client_id, client_secret })).body,
      ).toMatchObject({ active: true, scope: ASKED });
    expect(Object.keys((await userinfo(server.url, access_token)).body).sort()).toEqual([
      'email',
      'email_verified',
      'sub',
      'userIds',
      'workerIds',
      'workerProfileId',
    ]);
  });

  it('is accepted by a family that began without it', async () => {
    const first = await begin({ scope: 'openid email' });
    expect(first.scope).toBe('openid email');
    const second = await again(first.refresh_token, ASKED);
    expect(second.scope).toBe(ASKED);
    const replayed = await again(first.refresh_token, ASKED);
    expect(replayed).toMatchObject({ scope: ASKED, refresh_token: second.refresh_token });
    const { status, body } = await refresh(server.url, second.refresh_token, { scope: `${ASKED} profile` });
    expect({ status, body }).toEqual({
      status: 400,
      body: {
        error: 'invalid_scope',
        error_description: 'refresh token missing requested scope',
        scope: 'profile',
      },
    });
  });

  it('is in the answer to a pushed request', async () => {
    const { client_id, client_secret, redirect_uri } = DEMO_WEB;
    const pushed = await postForm(`${server.url}/auth/par`, {
      ...{ client_id, client_secret, redirect_uri },
      ...{ response_type: 'code', scope: ASKED },
    });
    const { callback } = await signIn(server.url, {
      parameters: {
        request_uri: String(pushed.body.request_uri),
        ...{ response_type: undefined, redirect_uri, scope: undefined },
      },
    });
    const code = String(callback.get('code'));
    expect(tokensOf(await exchange(server.url, code)).scope).toBe(ASKED);
  });

  it('is in the answer to a device', async () => {
    const device = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [DEVICE_CODE_GRANT, 'refresh_token'],
      require_consent: true,
    });
    const { client_id } = device;
    const begun = await postForm(`${server.url}/auth/device_authorization`, { client_id, scope: ASKED });
    const { browser } = await signIn(server.url);
    const page = await browser.get(String(begun.body.verification_uri_complete));
    const asked = await browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
    await browser.follow(await browser.submit(asked, '/consent', { decision: 'allow' }));
    const fields = { grant_type: DEVICE_CODE_GRANT, client_id, device_code: String(begun.body.device_code) };
    const tokens = tokensOf(await postForm(`${server.url}/auth/token`, fields));
    expect(tokens.scope).toBe(ASKED);
    const { refresh_token } = tokens;
    const refreshed = { grant_type: 'refresh_token', client_id, refresh_token, scope: ASKED };
    expect(tokensOf(await postForm(`${server.url}/auth/token`, refreshed)).scope).toBe(ASKED);
  });

  it('changes nothing for a client without refresh tokens', async () => {
    const client = await aClient(server, { grant_types: ['authorization_code'] });
    const { scope, refresh_token } = await begin({ scope: ASKED }, client);
    expect({ scope, refresh_token }).toEqual({ scope: 'openid email', refresh_token: undefined });
  });

  it('follows the registration: without the refresh grant it is gone, and with the grant it is back', async () => {
    const client = await aClient(server);
    const code = await obtainCode(server.url, { ...withoutSecret(client), scope: ASKED });
    const grants = (...grant_types: string[]) =>
      server.database.knex('clients').where({ id: client.client_id }).update({ grant_types });
    await grants('authorization_code');
    await runJob(server, 'watch-versions');
    const { scope, refresh_token } = tokensOf(await exchange(server.url, code, { ...client }));
    expect({ scope, refresh_token }).toEqual({ scope: 'openid email', refresh_token: undefined });
    await grants('authorization_code', 'refresh_token');
    await runJob(server, 'watch-versions');
    expect((await begin({ scope: ASKED }, client)).scope).toBe(ASKED);
  });

  it('is no reason to ask a person for consent again, who was told of it before', async () => {
    const client = await aClient(server, { require_consent: true });
    const { browser } = await signIn(server.url, {
      parameters: { ...withoutSecret(client), scope: 'openid email' },
    });
    const url = authorizationUrl(server.url, { ...withoutSecret(client), scope: ASKED });
    const page = await browser.follow(await browser.get(url), client.redirect_uri);
    const code = String(new URL(String(page.location)).searchParams.get('code'));
    expect(tokensOf(await exchange(server.url, code, { ...client })).scope).toBe(ASKED);
  });

  it('alone is still nothing to allow', async () => {
    const { callback } = await signIn(server.url, {
      browser: openBrowser(),
      parameters: { scope: 'offline_access' },
    });
    expect(callback.get('error')).toBe('invalid_scope');
  });
});

function tokensOf({
  status,
  body,
}: Answer): Record<'access_token' | 'id_token' | 'refresh_token' | 'scope', string> {
  if (status !== 200) throw new Error(`The answer is ${status}: ${JSON.stringify(body)}`);
  return body as Record<'access_token' | 'id_token' | 'refresh_token' | 'scope', string>;
}

function withoutSecret({
  client_id,
  redirect_uri,
}: TestClient): Pick<TestClient, 'client_id' | 'redirect_uri'> {
  return { client_id, redirect_uri };
}

function scopeIn(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).scope;
}
