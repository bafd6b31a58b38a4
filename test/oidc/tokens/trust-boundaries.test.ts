import { type Browser, redirectOf } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  brief,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  pkce,
  postForm,
  refresh,
  refused,
  signIn,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('who may do what to whom', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
  });
  afterAll(() => server.close());

  const asClient = ({ client_id, client_secret }: TestClient) => ({ client_id, client_secret });
  const disable = async (table: 'people' | 'clients', id: string, work: () => Promise<void>) => {
    const row = server.database.knex(table).where({ id });
    await row.clone().update({ disabled_at: new Date() });
    // A process does this within a second, when it sees the version that the change raised.
    server.services.registration.clear();
    try {
      await work();
    } finally {
      await row.clone().update({ disabled_at: null });
      server.services.registration.clear();
    }
  };

  describe('another client', () => {
    let other: TestClient;
    beforeAll(async () => {
      other = await aClient(server);
    });

    it('cannot redeem a code, nor spoil it', async () => {
      const code = await obtainCode(server.url, {}, browser);
      expect(brief(await exchange(server.url, code, asClient(other)))).toEqual(
        refused('invalid_grant', 'Authorization code is not valid'),
      );
      expect((await exchange(server.url, code)).status).toBe(200);
    });

    it('cannot end what a used code gave by presenting that code', async () => {
      const code = await obtainCode(server.url, {}, browser);
      const { body } = await exchange(server.url, code);
      expect((await exchange(server.url, code, asClient(other))).status).toBe(400);
      expect((await exchange(server.url, code, { redirect_uri: null })).status).toBe(400);
      expect((await userinfo(server.url, String(body.access_token))).status).toBe(200);
    });

    it('cannot refresh, nor end the grant by trying, even with a token that was used', async () => {
      const { refresh_token = '' } = await obtainTokens(server.url, {}, browser);
      const { body } = await refresh(server.url, refresh_token);
      for (const token of [refresh_token, String(body.refresh_token)]) {
        expect(brief(await refresh(server.url, token, asClient(other)))).toEqual(
          refused('invalid_grant', 'Refresh token is not valid'),
        );
      }
      expect((await refresh(server.url, String(body.refresh_token))).status).toBe(200);
    });

    it('cannot pass a code of its own off at a client that uses PKCE', async () => {
      const attacker = pkce();
      const { code_challenge, code_challenge_method } = attacker;
      const code = await obtainCode(server.url, { code_challenge, code_challenge_method }, browser);
      const { code_verifier } = pkce();
      expect((await exchange(server.url, code, { code_verifier })).body.error).toBe('invalid_grant');
    });

    it('cannot authenticate as itself and act as another', async () => {
      const code = await obtainCode(server.url, {}, browser);
      const authorization = `Basic ${btoa(`${other.client_id}:${other.client_secret}`)}`;
      const { client_id, redirect_uri } = DEMO_WEB;
      const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id };
      expect(brief(await postForm(`${server.url}/auth/token`, fields, { authorization }))).toEqual(
        refused('invalid_request', 'client_id mismatch'),
      );
    });

    it('does not receive what was meant for another: its redirect URIs are its own', async () => {
      const foreign = await aClient(server, { redirect_uris: ['https://other.example/callback'] });
      const { client_id } = foreign;
      const { redirect_uri } = DEMO_WEB;
      const page = await browser.get(authorizationUrl(server.url, { client_id, redirect_uri }));
      expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
    });
  });

  describe('a native client (RFC 8252)', () => {
    it.each([
      ['http://127.0.0.1:54321/callback', true],
      ['http://127.0.0.1/callback', true],
      ['com.example.app:/callback', true],
      ['http://127.0.0.1:54321/callback/', false],
      ['http://127.0.0.1:54321@evil.example/callback', false],
      ['http://127.0.0.1.evil.example/callback', false],
      ['http://localhost:54321/callback', false],
      ['https://127.0.0.1:54321/callback', false],
      ['com.example.app:/other', false],
      ['com.example.application:/callback', false],
    ])('may vary the port on loopback, and nothing else: %s, %s', async (redirect_uri, allowed) => {
      const { client_id } = await aClient(server, {
        application_type: 'native',
        type: 'public',
        answer_silently: true,
        redirect_uris: ['http://127.0.0.1:1/callback', 'com.example.app:/callback'],
      });
      const { code_challenge, code_challenge_method } = pkce();
      const parameters = { client_id, redirect_uri, code_challenge, code_challenge_method };
      const page = await browser.get(authorizationUrl(server.url, parameters));
      expect(page.location?.startsWith(redirect_uri) ?? false).toBe(allowed);
      expect(page.status).toBe(allowed ? 303 : 400);
    });
  });

  describe('a disabled person', () => {
    it('is signed out for good: enabled again, they sign in anew', async () => {
      const { access_token, refresh_token = '' } = await obtainTokens(server.url, {}, browser);
      await disable('people', ADA.id, async () => {
        expect(brief(await userinfo(server.url, access_token))).toEqual(
          refused('invalid_token', 'What the access token was given for has ended', 401),
        );
        expect(brief(await refresh(server.url, refresh_token))).toEqual(
          refused('invalid_grant', 'Refresh token is not valid: its sign-in was ended'),
        );
      });
      expect((await refresh(server.url, refresh_token)).status).toBe(400);
      expect((await userinfo(server.url, access_token)).status).toBe(401);
      const silent = await browser.get(authorizationUrl(server.url, { prompt: 'none' }));
      expect(new URL(silent.location ?? '').searchParams.get('error')).toBe('login_required');
    });

    it('gives no code from a session, and no tokens for a code', async () => {
      const code = await obtainCode(server.url, {}, browser);
      await disable('people', ADA.id, async () => {
        const page = await browser.get(authorizationUrl(server.url));
        expect(page.location).toContain('/interaction/');
        const silent = await browser.get(authorizationUrl(server.url, { prompt: 'none' }));
        expect(new URL(silent.location ?? '').searchParams.get('error')).toBe('login_required');
        expect(brief(await exchange(server.url, code))).toEqual(
          refused('invalid_grant', 'Authorization code is not valid'),
        );
      });
    });
  });

  describe('a disabled client', () => {
    it('is unknown everywhere, and its tokens with it', async () => {
      const { access_token, refresh_token = '' } = await obtainTokens(server.url, {}, browser);
      const code = await obtainCode(server.url, {}, browser);
      await disable('clients', DEMO_WEB.client_id, async () => {
        const unknown = refused('invalid_client', 'client authentication failed', 401);
        expect(brief(await exchange(server.url, code))).toEqual(unknown);
        expect(brief(await refresh(server.url, refresh_token))).toEqual(unknown);
        expect((await userinfo(server.url, access_token)).status).toBe(401);
        const page = await browser.get(authorizationUrl(server.url));
        expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
      });
    });
  });
});
