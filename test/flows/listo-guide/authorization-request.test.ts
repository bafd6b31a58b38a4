import { openBrowser, redirectOf } from '../../support/browsers/browser.ts';
import { explainedAt, pkce, signIn } from '../../support/clients/relying-party.ts';
import { CLIENT, GUIDE, JOHN, openWorld, STRICT_CLIENT, type World } from './world.ts';

describe(GUIDE, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  describe('Important Notes', () => {
    it('Multiple Redirect URIs: each that is registered is answered at', async () => {
      for (const redirect_uri of ['https://yourapp.com/callback', 'https://staging.yourapp.com/callback']) {
        const page = await world.authorize({ redirect_uri });
        expect(page.location?.split('?')[0]).toBe(redirect_uri);
      }
    });

    it('Multiple Clients: each has its own settings', async () => {
      expect(Object.keys(await world.callback())).toEqual(['code', 'state', 'iss']);
      expect(await world.callback({ client_id: STRICT_CLIENT.client_id })).toEqual({
        error: 'invalid_request',
        error_description: 'Authorization Server policy requires PKCE to be used for this request',
        state: 'random_state_string',
        iss: world.issuer,
        error_uri: explainedAt(world.issuer),
      });
    });

    it('Instance-Specific Configuration: people sign in through the instance of the client, and only its own', async () => {
      const browser = openBrowser();
      const page = await browser.follow(await browser.get(exampleRequest(world.issuer)));
      expect(page.html).toContain('<span class="brand__name"><bdi>Your Application</bdi></span>');
      const refused = await browser.submit(page, '/sign-in', {
        email: 'stranger@elsewhere.example',
        password: JOHN.password,
      });
      expect(refused.status).toBe(401);
    });
  });

  describe('Step 1: Authorization Request', () => {
    it('Example Request: leads through signing in to the callback', async () => {
      const browser = openBrowser();
      const signInPage = await browser.follow(await browser.get(exampleRequest(world.issuer)));
      expect({ status: signInPage.status, origin: new URL(signInPage.url).origin }).toEqual({
        status: 200,
        origin: world.issuer,
      });
      const answer = await browser.follow(
        await browser.submit(signInPage, '/sign-in', { email: JOHN.email, password: JOHN.password }),
        'https://yourapp.com/',
      );
      expect(answer.location).toMatch(/^https:\/\/yourapp\.com\/callback\?code=/);
    });

    describe('Parameters', () => {
      const told = (error: string, error_description: string) => ({
        error,
        error_description,
        state: 'random_state_string',
        iss: world.issuer,
        error_uri: explainedAt(world.issuer),
      });

      it('response_type: required, must be code', async () => {
        expect(await world.callback({ response_type: undefined })).toEqual(
          told('invalid_request', "missing required parameter 'response_type'"),
        );
        expect(await world.callback({ response_type: 'anything' })).toEqual(
          told('unsupported_response_type', 'unsupported response_type requested'),
        );
      });

      it.each([undefined, 'client_unknown'])(
        'client_id: required and known; %s is told to the person',
        async (client_id) => {
          const page = await world.authorize({ client_id });
          expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
          expect(page.html).toContain(
            client_id ? 'This application is not known here' : 'You cannot go on from here',
          );
        },
      );

      it.each([
        undefined,
        'https://yourapp.com/callback/',
        'https://yourapp.com/callback?next=1',
        'https://yourapp.com/callback#fragment',
        'https://yourapp.com/Callback',
        'https://YOURAPP.com/callback',
        'https://yourapp.com:443/callback',
        'https://yourapp.com:8443/callback',
        'http://yourapp.com/callback',
        'https://www.yourapp.com/callback',
        'https://yourapp.com.evil.example/callback',
        'https://yourapp.com@evil.example/callback',
        'https://yourapp.com/callback/../callback',
        'https://yourapp.com/%63allback',
        '//yourapp.com/callback',
        'https://yourapp.com/callback ',
        'javascript:alert(1)',
      ])(
        'redirect_uri: must exactly match; %s is told to the person, nobody is redirected',
        async (redirect_uri) => {
          const page = await world.authorize({ redirect_uri });
          expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
        },
      );

      it('scope: required, space-separated', async () => {
        expect(await world.callback({ scope: undefined })).toEqual(
          told('invalid_request', "missing required parameter 'scope'"),
        );
        expect(await world.callback({ scope: '' })).toEqual(
          told('invalid_request', "missing required parameter 'scope'"),
        );
        expect(await world.callback({ scope: 'openid,profile' })).toEqual(
          told('invalid_scope', 'Invalid scopes'),
        );
      });

      it('state: recommended; comes back as it was sent, or not at all', async () => {
        const state = 'a+b c&d=e%20f/é?#"<\'>';
        expect((await world.callback({ state })).state).toBe(state);
        expect(Object.keys(await world.callback({ state: undefined }))).toEqual(['code', 'iss']);
      });

      it('code_challenge, code_challenge_method: recommended, must be S256, and required where the client is configured to', async () => {
        const { code_challenge } = pkce();
        expect(await world.callback({ code_challenge, code_challenge_method: 'plain' })).toEqual(
          told('invalid_request', 'not supported value of code_challenge_method'),
        );
        expect(await world.callback({ code_challenge })).toEqual(
          told('invalid_request', 'code_challenge_method must be provided'),
        );
        expect(await world.callback({ code_challenge_method: 'S256' })).toEqual(
          told('invalid_request', 'code_challenge must be provided with code_challenge_method'),
        );
        expect(
          await world.callback({ code_challenge: 'CHALLENGE_STRING', code_challenge_method: 'S256' }),
        ).toEqual(
          told('invalid_request', 'code_challenge must be a string with a minimum length of 43 characters'),
        );
        expect(await world.callback({ client_id: STRICT_CLIENT.client_id })).toEqual(
          told('invalid_request', 'Authorization Server policy requires PKCE to be used for this request'),
        );
      });
    });

    describe('What Happens Next', () => {
      it('1. who is signed in already is not asked again', async () => {
        const page = await world.authorize();
        expect(page.location).toMatch(/^https:\/\/yourapp\.com\/callback\?code=/);
      });

      it('2. access is approved where it is required, once', async () => {
        const parameters = {
          client_id: STRICT_CLIENT.client_id,
          redirect_uri: CLIENT.redirect_uri,
          ...challenge(),
        };
        const { browser } = world;
        const asked = await browser.follow(await world.authorize(parameters));
        expect(asked.html).toContain('value="allow"');
        await signIn(world.issuer, { browser, parameters, person: JOHN });
        expect(Object.keys(await world.callback(parameters))).toEqual(['code', 'state', 'iss']);
      });
    });
  });
});

/** The guide's own request, with a real challenge. */
function exampleRequest(issuer: string): string {
  return (
    `${issuer}/auth/authorize?` +
    'response_type=code&' +
    'client_id=client_abc123&' +
    'redirect_uri=https://yourapp.com/callback&' +
    'scope=openid%20profile%20email&' +
    'state=random_state_string&' +
    `code_challenge=${pkce().code_challenge}&` +
    'code_challenge_method=S256'
  );
}

function challenge() {
  const { code_challenge, code_challenge_method } = pkce();
  return { code_challenge, code_challenge_method };
}
