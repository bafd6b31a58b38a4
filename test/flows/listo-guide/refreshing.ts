import { decodeJwt } from 'jose';
import { withStillTime } from '../../support/still-time.ts';
import { CLIENT, type World } from './world.ts';

export function refreshing(world: () => World): void {
  const { client_id, client_secret } = CLIENT;
  const refresh = (refresh_token: unknown, more: Record<string, string> = {}) =>
    world().token({
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id,
      client_secret,
      ...more,
    });

  describe('Refreshing Access Tokens', () => {
    it('Request Body, Success Response (200 OK): the members of the guide, and an ID token', async () => {
      const { refresh_token } = await world().tokens();
      const { status, body } = await refresh(refresh_token);
      expect({ status, body }).toEqual({
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
      const first = await world().tokens();
      const { body: second } = await refresh(first.refresh_token);
      const { body: third } = await refresh(second.refresh_token);
      const values = [first, second, third].map((tokens) => tokens.refresh_token);
      expect(new Set(values).size).toBe(3);

      const { status, body } = await refresh(first.refresh_token);
      expect({ status, body }).toEqual({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Refresh token already used' },
      });
      expect(await refresh(third.refresh_token)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Refresh token is not valid' },
      });
      expect((await world().userinfo(String(third.access_token))).status).toBe(401);
    });

    it('the ID token is about the same sign-in, with its nonce (OIDC Core 12.2)', async () => {
      await withStillTime(async (time) => {
        const { refresh_token, id_token = '' } = await world().tokens({ nonce: 'your-nonce-value' });
        time.forward(60);
        const { body } = await refresh(refresh_token);
        expect(decodeJwt(String(body.id_token))).toEqual({
          ...decodeJwt(id_token),
          iat: time.now(),
          exp: time.now() + 3600,
        });
      });
    });

    it('a narrower scope is for one access token; the next refresh has the whole again', async () => {
      const { refresh_token } = await world().tokens();
      const { body: narrow } = await refresh(refresh_token, { scope: 'openid email' });
      expect(narrow.scope).toBe('openid email');
      expect(Object.keys((await world().userinfo(String(narrow.access_token))).body)).not.toContain('name');
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
      const { access_token, id_token } = await world().tokens();
      for (const token of [access_token, id_token]) {
        expect((await refresh(token)).body).toEqual({
          error: 'invalid_grant',
          error_description: 'Refresh token is not valid',
        });
      }
    });
  });
}
