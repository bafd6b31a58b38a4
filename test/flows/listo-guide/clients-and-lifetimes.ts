import { decodeJwt } from 'jose';
import { pkce } from '../../support/relying-party.ts';
import { withStillTime } from '../../support/still-time.ts';
import { CLIENT, PUBLIC_CLIENT, SHORT_CLIENT, VERIFIER, type World } from './world.ts';

export function clientTypes(world: () => World): void {
  describe('Client Types', () => {
    it('Confidential Clients: PKCE is optional, client_secret required', async () => {
      const code = await world().code();
      expect((await world().exchange(code, { client_secret: null })).status).toBe(401);
      expect((await world().exchange(code)).status).toBe(200);
    });

    it('Public Clients: must use PKCE; token requests do not require client_secret', async () => {
      const { client_id, redirect_uri } = PUBLIC_CLIENT;
      expect(await world().callback({ client_id, redirect_uri })).toMatchObject({ error: 'invalid_request' });
      const { code_verifier, ...challenge } = pkce();
      const code = await world().code({ client_id, redirect_uri, ...challenge });
      const credentials = { client_id, redirect_uri, client_secret: null };
      const { body } = await world().exchange(code, { ...credentials, code_verifier });
      const refreshed = await world().token({
        grant_type: 'refresh_token',
        refresh_token: String(body.refresh_token),
        client_id,
      });
      expect([Object.keys(body).length, refreshed.status]).toEqual([6, 200]);
    });
  });
}

export function tokenLifetimes(world: () => World): void {
  const lifetimes = ({ expires_in, access_token, id_token }: Record<string, unknown>) =>
    [decodeJwt(String(access_token)), decodeJwt(String(id_token))]
      .map(({ exp = 0, iat = 0 }) => exp - iat)
      .concat(Number(expires_in));
  const refresh = (client: { client_id: string }, refresh_token: unknown) =>
    world().token({
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id: client.client_id,
      client_secret: CLIENT.client_secret,
    });

  describe('Token Lifetimes', () => {
    it.each([
      ['Default Lifetime', CLIENT, { code: 600, access: 3600, id: 3600, refresh: 30 * 24 * 3600 }],
      ['Note: custom lifetimes', SHORT_CLIENT, { code: 30, access: 120, id: 240, refresh: 600 }],
    ])('%s', async (_name, client, expected) => {
      await withStillTime(async (time) => {
        const { client_id } = client;
        const codes = [await world().code({ client_id }), await world().code({ client_id })];
        time.forward(expected.code - 1);
        const { body: tokens } = await world().exchange(String(codes[0]), { client_id });
        expect(lifetimes(tokens)).toEqual([expected.access, expected.id, expected.access]);
        time.forward(1);
        expect((await world().exchange(String(codes[1]), { client_id })).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Authorization code expired',
        });

        // Refresh Token: rolling, so its lifetime begins anew with each refresh.
        time.forward(expected.refresh - 2);
        const { body: renewed } = await refresh(client, tokens.refresh_token);
        expect(lifetimes(renewed)).toEqual([expected.access, expected.id, expected.access]);
        time.forward(expected.refresh - 1);
        const { body: again } = await refresh(client, renewed.refresh_token);
        time.forward(expected.refresh);
        expect((await refresh(client, again.refresh_token)).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Refresh token expired',
        });
      });
    });
  });
}

export function completeExample(world: () => World): void {
  describe('Complete Integration Example', () => {
    it('as printed, with a verifier for a challenge that was never sent, is the downgrade of RFC 9700 section 4.8', async () => {
      expect(await world().exchange(await world().code(), { code_verifier: VERIFIER })).toMatchObject({
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
      const answer = await world().callback({ state, ...challenge });
      expect(answer.state).toBe(state);
      const { body: tokens } = await world().exchange(String(answer.code), { code_verifier });
      const userInfo = await world().userinfo(String(tokens.access_token));
      expect(userInfo.body.sub).toBe('user-unique-id');
      expect((await refreshAccessToken(String(tokens.refresh_token))).status).toBe(200);
    });
  });

  const refreshAccessToken = (refresh_token: string) =>
    world().token({
      grant_type: 'refresh_token',
      refresh_token,
      client_id: 'client_abc123',
      client_secret: 'YOUR_CLIENT_SECRET',
    });
}
