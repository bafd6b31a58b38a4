import * as client from 'openid-client';
import { openBrowser } from '../../support/browser.ts';
import { aClient } from '../../support/factories.ts';
import { ADA, postForm, type Tokens, userinfo } from '../../support/relying-party.ts';
import { DEVICE_CODE, type DeviceAnswer, type DeviceWorld, PENDING, seen, told } from './world.ts';

/** What a device asks for, and gets. */
export function devices(world: DeviceWorld): void {
  const { server, television, aDevice, ask, begin, poll, approve } = world;

  describe('a device without a browser', () => {
    it('is given a code to poll with, a short one for the person, and where they take it', async () => {
      expect((await ask(television())).body).toEqual({
        device_code: expect.stringMatching(/^[\w-]{43}$/),
        user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/),
        verification_uri: `${server().url}/auth/device`,
        verification_uri_complete: expect.stringContaining(`${server().url}/auth/device?user_code=`),
        expires_in: 600,
      });
    });

    it('waits until the person has signed in, and then gets its tokens', async () => {
      const code = await begin();
      expect(await told(poll(code))).toEqual(PENDING);

      const done = await approve(code, { browser: openBrowser() });
      expect([...seen(done), done.html.includes('Television goes on there')]).toEqual([
        200,
        'You are signed in',
        undefined,
        true,
      ]);
      const { status, body } = await poll(code);
      expect([status, body]).toEqual([
        200,
        {
          access_token: expect.any(String),
          refresh_token: expect.any(String),
          id_token: expect.any(String),
          expires_in: 3600,
          scope: 'openid profile',
          token_type: 'Bearer',
        },
      ]);
      const { access_token, refresh_token = '' } = body as unknown as Tokens;
      expect((await userinfo(server().url, access_token)).body).toMatchObject({
        sub: ADA.id,
        name: 'Ada Lovelace',
      });
      const refreshed = await postForm(`${server().url}/auth/token`, {
        grant_type: 'refresh_token',
        refresh_token,
        client_id: television().client_id,
      });
      expect([refreshed.status, refreshed.body.scope]).toEqual([200, 'openid profile']);
    });

    it('is any client library, which knows nothing of us', async () => {
      const { client_id, client_secret } = await aDevice({ type: 'confidential' });
      const config = await client.discovery(
        new URL(server().url),
        client_id,
        undefined,
        client.ClientSecretBasic(client_secret),
        { execute: [client.allowInsecureRequests] },
      );
      const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
      await approve(answer as unknown as DeviceAnswer);
      const tokens = await client.pollDeviceAuthorizationGrant(config, { ...answer, interval: 0 });
      expect([tokens.claims()?.sub, tokens.scope]).toEqual([ADA.id, 'openid email']);
    });

    it('may be a client that people sign in to by redirect as well', async () => {
      const both = await aClient(server(), {
        grant_types: ['authorization_code', DEVICE_CODE],
        require_consent: false,
      });
      const form = { scope: 'openid', client_secret: both.client_secret };
      const code = await begin(both, form);
      await approve(code);
      const { body } = await postForm(`${server().url}/auth/token`, {
        grant_type: DEVICE_CODE,
        device_code: code.device_code,
        ...both,
      });
      // Without the refresh grant there is no refresh token.
      expect(Object.keys(body).sort()).toEqual([
        'access_token',
        'expires_in',
        'id_token',
        'scope',
        'token_type',
      ]);
    });
  });

  describe('the endpoint of devices refuses', () => {
    it('a client that is not registered for it', async () => {
      const other = await aDevice({ grant_types: ['refresh_token'] });
      expect(await told(ask(other))).toEqual([
        400,
        'unauthorized_client',
        `This client may not use the grant type ${DEVICE_CODE}`,
      ]);
      const { device_code } = await begin();
      expect(await told(poll({ device_code }, other))).toEqual([
        400,
        'unauthorized_client',
        `This client may not use the grant type ${DEVICE_CODE}`,
      ]);
    });

    it('a client that does not exist, or does not prove who it is', async () => {
      const backend = await aDevice({ type: 'confidential' });
      const answers = [ask({ client_id: 'unknown' }), ask(backend), ask(backend, { client_secret: 'wrong' })];
      for (const answer of answers) expect((await told(answer)).slice(0, 2)).toEqual([401, 'invalid_client']);
    });

    it.each([
      ['a scope that is not its own', 'openid email', [400, 'invalid_scope', 'Invalid scopes']],
      ['an unknown scope', 'openid everything', [400, 'invalid_scope', 'Invalid scopes']],
      ['no scope', '', [400, 'invalid_request', "missing required parameter 'scope'"]],
    ])('%s', async (_what, scope, refusal) => {
      const modest = await aDevice({ scopes: ['openid', 'profile'] });
      expect(await told(ask(modest, { scope }))).toEqual(refusal);
    });
  });
}
