import { decodeJwt } from 'jose';
import { brief, pkce } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { CLIENT, GUIDE, openWorld, PUBLIC_CLIENT, SHORT_CLIENT, VERIFIER, type World } from './world.ts';

describe(GUIDE, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const { client_id, client_secret } = CLIENT;
  const refresh = (refresh_token: unknown, more: Record<string, string> = {}) =>
    world.token({
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id,
      client_secret,
      ...more,
    });

  describe('Refreshing Access Tokens', () => {
    it('Request Body, Success Response (200 OK): the members of the guide, and an ID token', async () => {
      const { refresh_token } = await world.tokens();
      expect(brief(await refresh(refresh_token))).toEqual({
        status: 200,
        body: {
          access_token: expect.stringMatching(/^eyJ/),
          token_type: 'Bearer',
          expires_in: 3600,
          refresh_token: expect.stringMatching(/^[\w.-]{43,}$/),
          id_token: expect.stringMatching(/^eyJ/),
          scope: 'openid profile email',
        },
      });
    });

    it('Note: a new refresh token is issued each time; the new one works, and an old one ends them all', async () => {
      const first = await world.tokens();
      const { body: second } = await refresh(first.refresh_token);
      const { body: third } = await refresh(second.refresh_token);
      const values = [first, second, third].map((tokens) => tokens.refresh_token);
      expect(new Set(values).size).toBe(3);

      expect(brief(await refresh(first.refresh_token))).toEqual({
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: 'Refresh token already used: its sign-in was ended',
        },
      });
      expect(await refresh(third.refresh_token)).toMatchObject({
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: 'Refresh token is not valid: its sign-in was ended',
        },
      });
      expect((await world.userinfo(String(third.access_token))).status).toBe(401);
    });

    it('the ID token is about the same sign-in, with its nonce (OIDC Core 12.2)', async () => {
      await withStillTime(async (time) => {
        const { refresh_token, id_token = '' } = await world.tokens({ nonce: 'your-nonce-value' });
        time.forward(60);
        const { body } = await refresh(refresh_token);
        expect(decodeJwt(String(body.id_token))).toEqual({
          ...decodeJwt(id_token),
          at_hash: expect.stringMatching(/^[\w-]{22}$/),
          iat: time.now(),
          exp: time.now() + 3600,
        });
      });
    });

    it('a narrower scope is for one access token; the next refresh has the whole again', async () => {
      const { refresh_token } = await world.tokens();
      const { body: narrow } = await refresh(refresh_token, { scope: 'openid email' });
      expect(narrow.scope).toBe('openid email');
      expect(Object.keys((await world.userinfo(String(narrow.access_token))).body)).not.toContain('name');
      expect(decodeJwt(String(narrow.id_token))).not.toHaveProperty('name');
      const { body: whole } = await refresh(narrow.refresh_token);
      expect(whole.scope).toBe('openid profile email');
    });

    it.each(['refresh_abc123...', 'a.b.c', ' '])(
      'refuses %j, which is no refresh token',
      async (refresh_token) => {
        expect(await refresh(refresh_token)).toMatchObject({
          status: 400,
          body: { error: 'invalid_grant', error_description: 'Refresh token is not valid' },
        });
      },
    );

    it('refuses an access token and an ID token as one', async () => {
      const { access_token, id_token } = await world.tokens();
      for (const token of [access_token, id_token]) {
        expect((await refresh(token)).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Refresh token is not valid',
        });
      }
    });
  });

  describe('Client Types', () => {
    it('Confidential Clients: PKCE is optional, client_secret required', async () => {
      const code = await world.code();
      expect((await world.exchange(code, { client_secret: null })).status).toBe(401);
      expect((await world.exchange(code)).status).toBe(200);
    });

    it('Public Clients: must use PKCE; token requests do not require client_secret', async () => {
      const { client_id, redirect_uri } = PUBLIC_CLIENT;
      expect(await world.callback({ client_id, redirect_uri })).toMatchObject({ error: 'invalid_request' });
      const { code_verifier, ...challenge } = pkce();
      const code = await world.code({ client_id, redirect_uri, ...challenge });
      const credentials = { client_id, redirect_uri, client_secret: null };
      const { body } = await world.exchange(code, { ...credentials, code_verifier });
      const refreshed = await world.token({
        grant_type: 'refresh_token',
        refresh_token: String(body.refresh_token),
        client_id,
      });
      expect({ members: Object.keys(body).length, refreshed: refreshed.status }).toEqual({
        members: 6,
        refreshed: 200,
      });
    });
  });

  const lifetimeOf = (token: unknown) => {
    const { exp = 0, iat = 0 } = decodeJwt(String(token));
    return exp - iat;
  };
  const lifetimes = ({ expires_in, access_token, id_token }: Record<string, unknown>) => ({
    accessToken: lifetimeOf(access_token),
    idToken: lifetimeOf(id_token),
    expires_in,
  });

  describe('Token Lifetimes', () => {
    it.each([
      ['Default Lifetime', CLIENT, { code: 600, access: 3600, id: 3600, refresh: 30 * 24 * 3600 }],
      ['Note: custom lifetimes', SHORT_CLIENT, { code: 30, access: 120, id: 240, refresh: 600 }],
    ])('%s', async (_name, client, expected) => {
      await withStillTime(async (time) => {
        const { client_id } = client;
        const { access, id } = expected;
        const lifetimesExpected = { accessToken: access, idToken: id, expires_in: access };
        const codes = [await world.code({ client_id }), await world.code({ client_id })];
        time.forward(expected.code - 1);
        const { body: tokens } = await world.exchange(String(codes[0]), { client_id });
        expect(lifetimes(tokens)).toEqual(lifetimesExpected);
        time.forward(1);
        expect((await world.exchange(String(codes[1]), { client_id })).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Authorization code expired',
        });

        // The refresh token is rolling, so its lifetime begins again with each refresh.
        time.forward(expected.refresh - 2);
        const { body: renewed } = await refresh(tokens.refresh_token, { client_id });
        expect(lifetimes(renewed)).toEqual(lifetimesExpected);
        time.forward(expected.refresh - 1);
        const { body: again } = await refresh(renewed.refresh_token, { client_id });
        time.forward(expected.refresh);
        expect((await refresh(again.refresh_token, { client_id })).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Refresh token expired',
        });
      });
    });
  });

  describe('Complete Integration Example', () => {
    it('as printed, with a verifier for a challenge that was never sent, is the downgrade of RFC 9700 section 4.8', async () => {
      expect(await world.exchange(await world.code(), { code_verifier: VERIFIER })).toMatchObject({
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: 'code_verifier was sent, but the authorization request had no code_challenge',
        },
      });
    });

    it('corrected, with the challenge in its first step, works to its end', async () => {
      const { code_verifier, ...challenge } = pkce();
      const state = 'a-random-string-of-thirty-two-ch';
      const answer = await world.callback({ state, ...challenge });
      expect(answer.state).toBe(state);
      const { body: tokens } = await world.exchange(String(answer.code), { code_verifier });
      const userInfo = await world.userinfo(String(tokens.access_token));
      expect(userInfo.body.sub).toBe('user-unique-id');
      expect((await refreshAccessToken(String(tokens.refresh_token))).status).toBe(200);
    });
  });

  const refreshAccessToken = (refresh_token: string) =>
    world.token({
      grant_type: 'refresh_token',
      refresh_token,
      client_id: 'client_abc123',
      client_secret: 'YOUR_CLIENT_SECRET',
    });
});
