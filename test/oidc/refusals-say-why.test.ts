import { decodeProtectedHeader } from 'jose';
import { openBrowser } from '../support/browsers/browser.ts';
import {
  authorizationUrl,
  brief,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  refused,
  type Tokens,
  userinfo,
} from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const ELSEWHERE = 'http://127.0.0.1:9999/other';
const { redirect_uri: _, ...CREDENTIALS } = DEMO_WEB;

describe('a refusal says why', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const detailsAfter = async (act: () => Promise<unknown>) => {
    const before = server.logLines().length;
    await act();
    return server
      .logLines()
      .slice(before)
      .flatMap(({ detail }) => (detail === undefined ? [] : [detail]));
  };
  const authorize = (parameters: Record<string, string | undefined>) =>
    openBrowser().get(authorizationUrl(server.url, parameters));

  describe('of scopes: the log names them, and the client reads the guide’s sentence', () => {
    it.each([
      ['one', 'openid everything', 'scopes not allowed to this client: everything'],
      ['several', 'openid read:all profile offline', 'scopes not allowed to this client: read:all offline'],
      ['none that counts', 'offline_access', 'no scope beside offline_access'],
      [
        'a very long one',
        `openid ${'x'.repeat(500)}`,
        `scopes not allowed to this client: ${'x'.repeat(200)}…`,
      ],
      ['a hostile one', 'openid a\u202eb', 'scope contains invalid characters: openid a?b'],
    ])('%s', async (what, scope, detail) => {
      const details = await detailsAfter(async () => {
        const page = await authorize({ scope });
        const { error, error_description } = Object.fromEntries(new URL(String(page.location)).searchParams);
        expect({ error, error_description }).toEqual({
          error: 'invalid_scope',
          error_description:
            what === 'a hostile one' ? 'scope contains invalid characters' : 'Invalid scopes',
        });
      });
      expect(details).toEqual([detail]);
    });

    it('in a pushed request and a refresh', async () => {
      const { refresh_token } = await obtainTokens(server.url, { scope: 'openid email' });
      const pushed = { ...CREDENTIALS, redirect_uri: DEMO_WEB.redirect_uri, response_type: 'code' };
      expect(
        await detailsAfter(async () => {
          await postForm(`${server.url}/auth/par`, { ...pushed, scope: 'openid everything' });
          await refresh(server.url, String(refresh_token), { scope: 'openid a b' });
        }),
      ).toEqual([
        'scopes not allowed to this client: everything',
        'refresh token missing requested scopes: a b',
      ]);
    });
  });

  describe('of redirect URIs: the log has the one that came, without the values of its parameters', () => {
    it.each([
      ['another', ELSEWHERE, ELSEWHERE],
      ['with a code', `${ELSEWHERE}?code=abc&state=x#y=z`, `${ELSEWHERE}?code=…&state=…#y=…`],
      ['that is none', 'a\u202eb', 'a?b'],
      [
        'that is very long',
        `${ELSEWHERE}/${'x'.repeat(500)}`,
        `${`${ELSEWHERE}/${'x'.repeat(500)}`.slice(0, 200)}…`,
      ],
    ])('%s', async (_what, redirect_uri, logged) => {
      const details = await detailsAfter(async () => {
        const page = await authorize({ redirect_uri });
        expect(page.status).toBe(400);
        expect(page.html).toContain(
          `redirect_uri did not match any of the client&#39;s registered redirect_uris (redirect_uri is not registered: ${logged.replaceAll('&', '&amp;')})`,
        );
      });
      expect(details).toEqual([`redirect_uri is not registered: ${logged}`]);
    });

    it('in a pushed request and an exchange', async () => {
      const code = await obtainCode(server.url);
      expect(
        await detailsAfter(async () => {
          const fields = { ...CREDENTIALS, redirect_uri: ELSEWHERE, response_type: 'code', scope: 'openid' };
          await postForm(`${server.url}/auth/par`, fields);
          await exchange(server.url, code, { redirect_uri: `${ELSEWHERE}?code=${code}` });
        }),
      ).toEqual([
        `redirect_uri is not registered: ${ELSEWHERE}`,
        `redirect_uri is not the one of the authorization request: ${ELSEWHERE}?code=…`,
      ]);
    });

    it('and the page says it in development alone', async () => {
      const production = await startTestServer({ config: { production: true } });
      try {
        const page = await openBrowser().get(authorizationUrl(production.url, { redirect_uri: ELSEWHERE }));
        expect(page.html).toContain('client&#39;s registered redirect_uris</dd>');
        expect(page.html).not.toContain(ELSEWHERE);
        expect(production.logLines().map(({ detail }) => detail)).toContain(
          `redirect_uri is not registered: ${ELSEWHERE}`,
        );
      } finally {
        await production.close();
      }
    });
  });

  describe('of an ID token at userinfo', () => {
    const IS_ID_TOKEN = refused(
      'invalid_token',
      'This is an ID token, which is for its client alone: send the access token',
      401,
    );

    it('which is no access token', async () => {
      const { id_token } = await obtainTokens(server.url);
      expect(brief(await userinfo(server.url, id_token))).toEqual(IS_ID_TOKEN);
    });

    it('also of another algorithm, and no other text passes for one', async () => {
      const client = await aClient(server, { id_token_signed_response_alg: 'ES256' });
      // The first run makes the key that such a client needs, and the next one loads it.
      await runJob(server, 'watch-versions');
      await runJob(server, 'watch-versions');
      const { client_secret, ...request } = client;
      const { body } = await exchange(server.url, await obtainCode(server.url, request), {
        ...client,
        client_secret,
      });
      const { id_token, access_token } = body as unknown as Tokens;
      expect(decodeProtectedHeader(id_token).alg).toBe('ES256');
      expect(brief(await userinfo(server.url, id_token))).toEqual(IS_ID_TOKEN);
      const notValid = refused('invalid_token', 'Access token is not valid', 401);
      for (const text of ['x', 'a.b.c', `${access_token}x`, `${id_token}.x`])
        expect(brief(await userinfo(server.url, text))).toEqual(notValid);
    });
  });

  it('of what a used code gave: its sign-in was ended', async () => {
    const code = await obtainCode(server.url);
    const { body } = await exchange(server.url, code);
    expect(brief(await exchange(server.url, code))).toEqual(
      refused('invalid_grant', 'Authorization code already used: its sign-in was ended'),
    );
    expect(brief(await refresh(server.url, String(body.refresh_token)))).toEqual(
      refused('invalid_grant', 'Refresh token is not valid: its sign-in was ended'),
    );
    expect(brief(await userinfo(server.url, String(body.access_token)))).toEqual(
      refused('invalid_token', 'What the access token was given for has ended', 401),
    );
  });
});
