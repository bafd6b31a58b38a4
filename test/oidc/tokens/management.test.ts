import { decodeJwt } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  brief,
  DEMO_SPA,
  DEMO_WEB,
  exchangeAsSpa,
  obtainTokens,
  postForm,
  refresh,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

describe('what a client does with its tokens', () => {
  let server: TestServer;
  let other: TestClient;
  const browser = openBrowser();
  beforeAll(async () => {
    server = await startTestServer();
    other = await aClient(server);
  });
  afterAll(() => server.close());

  const credentials = ({ client_id, client_secret }: { client_id: string; client_secret: string }) => ({
    authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}`,
  });
  const revoke = (
    token: string,
    { as = DEMO_WEB, ...more }: { as?: TestClient; token_type_hint?: string } = {},
  ) => postForm(`${server.url}/auth/revoke`, { token, ...more }, credentials(as));
  const introspect = (
    token: string,
    { as = DEMO_WEB, ...more }: { as?: TestClient; token_type_hint?: string } = {},
  ) => postForm(`${server.url}/auth/introspect`, { token, ...more }, credentials(as));
  const accepted = async (accessToken: string) => (await userinfo(server.url, accessToken)).status === 200;

  describe('revocation (RFC 7009)', () => {
    it.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
      'of an access token ends it alone, whatever the hint: %s',
      async (token_type_hint) => {
        const tokens = await obtainTokens(server.url, {}, browser);
        const { body: later } = await refresh(server.url, String(tokens.refresh_token));
        const hint = token_type_hint ? { token_type_hint } : {};
        expect(brief(await revoke(tokens.access_token, hint))).toEqual({ status: 200, body: {} });

        const answer = await userinfo(server.url, tokens.access_token);
        expect(brief(answer)).toEqual({
          status: 401,
          body: { error: 'invalid_token', error_description: 'Access token was revoked' },
        });
        expect(await accepted(String(later.access_token))).toBe(true);
        expect((await refresh(server.url, String(later.refresh_token))).status).toBe(200);
      },
    );

    it.each([undefined, 'access_token', 'refresh_token'])(
      'of a refresh token ends the grant and all its tokens, whatever the hint: %s',
      async (token_type_hint) => {
        const tokens = await obtainTokens(server.url, {}, browser);
        const { body: later } = await refresh(server.url, String(tokens.refresh_token));
        const hint = token_type_hint ? { token_type_hint } : {};
        expect(brief(await revoke(String(later.refresh_token), hint))).toEqual({ status: 200, body: {} });

        expect({
          first: await accepted(tokens.access_token),
          later: await accepted(String(later.access_token)),
        }).toEqual({ first: false, later: false });
        expect((await refresh(server.url, String(later.refresh_token))).body.error).toBe('invalid_grant');
      },
    );

    it("of another client's token is answered alike and changes nothing", async () => {
      const tokens = await obtainTokens(server.url, {}, browser);
      for (const token of [tokens.access_token, String(tokens.refresh_token)]) {
        expect(brief(await revoke(token, { as: other }))).toEqual({ status: 200, body: {} });
      }
      expect(await accepted(tokens.access_token)).toBe(true);
      expect((await refresh(server.url, String(tokens.refresh_token))).status).toBe(200);
    });

    it.each(['unknown', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'ü'])(
      'of %j, which is no token, is 200',
      async (token) => {
        expect(brief(await revoke(token))).toEqual({ status: 200, body: {} });
      },
    );

    it('of an ID token changes nothing: it is no credential here', async () => {
      const tokens = await obtainTokens(server.url, {}, browser);
      expect((await revoke(tokens.id_token)).status).toBe(200);
      expect(await accepted(tokens.access_token)).toBe(true);
    });

    it('wants a token and a client', async () => {
      expect(brief(await postForm(`${server.url}/auth/revoke`, {}, credentials(DEMO_WEB)))).toEqual({
        status: 400,
        body: { error: 'invalid_request', error_description: "missing required parameter 'token'" },
      });
      expect(brief(await revoke('unknown', { as: { ...DEMO_WEB, client_secret: 'WRONG' } }))).toEqual({
        status: 401,
        body: { error: 'invalid_client', error_description: 'client authentication failed' },
      });
    });

    it('by a public client names it, and needs no secret', async () => {
      const { body } = await exchangeAsSpa(server.url, {}, browser);
      const { client_id } = DEMO_SPA;
      const url = `${server.url}/auth/revoke`;
      expect((await postForm(url, { token: String(body.access_token), client_id })).status).toBe(200);
      expect(await accepted(String(body.access_token))).toBe(false);
    });
  });

  describe('introspection (RFC 7662)', () => {
    it('says of an access token exactly what it carries', async () => {
      const { access_token } = await obtainTokens(server.url, {}, browser);
      const { iat, exp, jti } = decodeJwt(access_token);
      expect(brief(await introspect(access_token))).toEqual({
        status: 200,
        body: {
          active: true,
          iss: server.url,
          aud: server.url,
          sub: ADA.id,
          client_id: 'client_demo_web',
          scope: 'openid profile email',
          token_type: 'Bearer',
          iat,
          exp,
          jti,
        },
      });
    });

    it('says of a refresh token exactly this, and repeats nothing of it', async () => {
      await withStillTime(async (time) => {
        const { refresh_token = '' } = await obtainTokens(server.url, {}, browser);
        expect(brief(await introspect(refresh_token))).toEqual({
          status: 200,
          body: {
            active: true,
            iss: server.url,
            sub: ADA.id,
            client_id: 'client_demo_web',
            scope: 'openid profile email',
            iat: time.now(),
            exp: time.now() + 30 * 24 * 3600,
          },
        });
      });
    });

    const INACTIVE = { status: 200, body: { active: false } };

    it('says no more than inactive of a token that is expired, revoked, of another client, or none', async () => {
      await withStillTime(async (time) => {
        const [one, two] = [
          await obtainTokens(server.url, {}, browser),
          await obtainTokens(server.url, {}, browser),
        ];
        await revoke(one.access_token);
        await revoke(String(two.refresh_token));
        const three = await obtainTokens(server.url, {}, browser);
        for (const token of [
          one.access_token,
          two.access_token,
          String(two.refresh_token),
          three.id_token,
          'a.b.c',
          'unknown',
        ]) {
          expect(brief(await introspect(token))).toEqual(INACTIVE);
        }
        expect(brief(await introspect(three.access_token, { as: other }))).toEqual(INACTIVE);
        expect(brief(await introspect(String(three.refresh_token), { as: other }))).toEqual(INACTIVE);
        time.forward(3600);
        expect(brief(await introspect(three.access_token))).toEqual(INACTIVE);
      });
    });

    it('says inactive of the tokens of somebody who was disabled', async () => {
      const tokens = await obtainTokens(server.url, {}, browser);
      const ada = server.database.knex('people').where({ id: ADA.id });
      await ada.clone().update({ disabled_at: new Date() });
      const answers = [await introspect(tokens.access_token), await introspect(String(tokens.refresh_token))];
      await ada.clone().update({ disabled_at: null });
      expect(answers.map(brief)).toEqual([INACTIVE, INACTIVE]);
    });

    it('wants a client that authenticates', async () => {
      const { access_token } = await obtainTokens(server.url, {}, browser);
      expect((await introspect(access_token, { as: { ...DEMO_WEB, client_secret: 'WRONG' } })).status).toBe(
        401,
      );
      expect((await postForm(`${server.url}/auth/introspect`, { token: access_token })).status).toBe(401);
    });
  });
});
