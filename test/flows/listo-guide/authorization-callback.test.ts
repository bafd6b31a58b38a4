import { decodeJwt } from 'jose';
import { openBrowser, redirectOf } from '../../support/browsers/browser.ts';
import { authorizationUrl, explainedAt, pkce, signIn } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import {
  CLIENT,
  GUIDE,
  JOHN,
  NO_CODE_CLIENT,
  NO_REFRESH_CLIENT,
  openWorld,
  STRICT_CLIENT,
  type World,
} from './world.ts';

describe(GUIDE, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  const told = (error: string, error_description: string) => ({
    error,
    error_description,
    state: 'random_state_string',
    iss: world.issuer,
    error_uri: explainedAt(world.issuer),
  });

  describe('Step 2: Handle Authorization Callback', () => {
    it('Success Response: code and state, and the issuer (RFC 9207)', async () => {
      expect(await world.callback()).toEqual({
        code: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        state: 'random_state_string',
        iss: world.issuer,
      });
    });

    it('code: single-use, and what it gave ends when it is used again', async () => {
      const code = await world.code();
      const { body } = await world.exchange(code);
      expect(await world.exchange(code)).toMatchObject({
        status: 400,
        body: {
          error: 'invalid_grant',
          error_description: 'Authorization code already used: its sign-in was ended',
        },
      });
      expect((await world.userinfo(String(body.access_token))).status).toBe(401);
    });

    it('code: expires in 10 minutes', async () => {
      await withStillTime(async (time) => {
        const [early, late] = [await world.code(), await world.code()];
        time.forward(10 * 60 - 1);
        expect((await world.exchange(early)).status).toBe(200);
        time.forward(1);
        expect((await world.exchange(late)).status).toBe(400);
      });
    });

    it('Error Response: as printed', async () => {
      const page = await world.authorize({ scope: 'openid everything' });
      expect(page.location).toContain(
        'error=invalid_scope&error_description=Invalid+scopes&state=random_state_string',
      );
      expect(await world.callback({ scope: 'openid everything' })).toEqual(
        told('invalid_scope', 'Invalid scopes'),
      );
    });
  });

  describe('Authorization Errors (Redirect)', () => {
    it('invalid_request: missing or invalid parameters', async () => {
      expect(await world.callback({ max_age: 'soon' })).toEqual(
        told('invalid_request', 'invalid max_age parameter value'),
      );
    });

    it('unauthorized_client: client not authorized for this request', async () => {
      expect(await world.callback({ client_id: NO_CODE_CLIENT.client_id })).toEqual(
        told('unauthorized_client', 'This client may not use the response type code'),
      );
    });

    it('access_denied: user denied authorization', async () => {
      const { code_challenge, code_challenge_method } = pkce();
      const parameters = {
        code_challenge,
        code_challenge_method,
        client_id: STRICT_CLIENT.client_id,
        prompt: 'consent',
      };
      const { browser } = world;
      const asked = await browser.follow(await world.authorize(parameters));
      const page = await browser.follow(
        await browser.submit(asked, '/consent', { decision: 'deny' }),
        CLIENT.redirect_uri,
      );
      expect(Object.fromEntries(new URL(page.location ?? '').searchParams)).toEqual(
        told('access_denied', 'User denied authorization'),
      );
    });

    it('access_denied: user cancelled signing in', async () => {
      const browser = openBrowser();
      const { client_id, redirect_uri } = CLIENT;
      const start = authorizationUrl(world.issuer, {
        client_id,
        redirect_uri,
        state: 'random_state_string',
      });
      const signInPage = await browser.follow(await browser.get(start));
      const page = await browser.follow(await browser.submit(signInPage, '/abort'), redirect_uri);
      expect(Object.fromEntries(new URL(page.location ?? '').searchParams)).toMatchObject({
        error: 'access_denied',
        state: 'random_state_string',
      });
    });

    it('unsupported_response_type: server does not support it', async () => {
      expect(await world.callback({ response_type: 'something' })).toEqual(
        told('unsupported_response_type', 'unsupported response_type requested'),
      );
      // A client that asks for a token in the front channel reads the answer in the fragment (RFC 6749 section
      // 4.2.2.1).
      const page = await world.authorize({ response_type: 'token' });
      expect(Object.fromEntries(new URLSearchParams(new URL(page.location ?? '').hash.slice(1)))).toEqual(
        told('unsupported_response_type', 'unsupported response_type requested'),
      );
    });

    it.each([
      ['unknown', 'openid everything'],
      ['unknown alone', 'everything'],
      ['unknown before a known one', 'everything openid'],
      ['in another case', 'OpenID'],
      ['nothing but offline_access', 'offline_access'],
    ])('invalid_scope: %s', async (_what, scope) => {
      expect(await world.callback({ scope })).toEqual(told('invalid_scope', 'Invalid scopes'));
    });

    it('invalid_scope: known, but not allowed to this client', async () => {
      const { client_id } = NO_REFRESH_CLIENT;
      expect(await world.callback({ client_id, scope: 'openid email' })).toEqual(
        told('invalid_scope', 'Invalid scopes'),
      );
      expect(Object.keys(await world.callback({ client_id, scope: 'openid' }))).toContain('code');
    });

    describe('server_error', () => {
      afterEach(() => world.breakStores(false));

      it('is told to the client, with nothing of the cause', async () => {
        world.breakStores(true, ['artifacts']);
        const failed = told('server_error', 'Something went wrong on our side');
        expect(await world.callback()).toEqual(failed);
        const page = await world.authorize({ response_mode: 'fragment' });
        expect(Object.fromEntries(new URLSearchParams(new URL(page.location ?? '').hash.slice(1)))).toEqual(
          failed,
        );
        const signed = await world.callback({ response_mode: 'jwt' });
        expect(Object.keys(signed)).toEqual(['response']);
        expect(decodeJwt(signed.response ?? '')).toMatchObject({ ...failed, aud: CLIENT.client_id });
        expect(world.server.logLines()).toContainEqual(
          expect.objectContaining({ level: 'error', msg: 'unexpected error' }),
        );
      });

      it('is a page where it is not known whom to tell', async () => {
        world.breakStores(true);
        world.forgetRegistration();
        const page = await world.authorize();
        expect(redirectOf(page)).toEqual({ status: 500, location: undefined });
        expect(page.html).toContain('The fault is on our side, and it has been recorded.');
        expect(page.html).not.toMatch(/on fire|stack|\.ts:|sql|node_modules/);
      });

      it('is JSON at the token endpoint', async () => {
        const code = await world.code();
        world.breakStores(true, ['artifacts']);
        expect(await world.exchange(code)).toMatchObject({
          status: 500,
          body: {
            error: 'server_error',
            error_description: 'Something went wrong on our side. It has been recorded.',
          },
        });
      });
    });

    it('a client that is told an error may ask again', async () => {
      const { callback } = await signIn(world.issuer, {
        browser: world.browser,
        parameters: { client_id: CLIENT.client_id, redirect_uri: CLIENT.redirect_uri },
        person: JOHN,
      });
      expect(callback.get('code')).toMatch(/./);
    });
  });
});
