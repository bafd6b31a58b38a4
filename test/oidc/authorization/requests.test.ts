import { createHash } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  explainedAt,
  obtainTokens,
  pkce,
  signIn,
} from '../../support/clients/relying-party.ts';
import { aPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

type Parameters = Record<string, string | undefined>;

describe('an authorization request', () => {
  let server: TestServer;
  let signedIn: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    signedIn = (await signIn(server.url)).browser;
  });
  afterAll(() => server.close());

  const ask = (parameters: Parameters, browser = signedIn) =>
    browser.get(authorizationUrl(server.url, { state: 's', ...parameters }));
  const answerOf = ({ location = '' }: Page) => Object.fromEntries(new URL(location).searchParams);
  const told = (error: string, error_description: string) => ({
    error,
    error_description,
    state: 's',
    iss: server.url,
    error_uri: explainedAt(server.url),
  });
  const GRANTED = ['code', 'state', 'iss'];
  const signInPage = expect.stringMatching(/\/interaction\/[\w-]{43}\?client_id=client_demo_web$/);

  describe('prompt (OIDC Core 3.1.2.1)', () => {
    it('none: a code for somebody who is signed in, login_required for anybody else', async () => {
      expect(Object.keys(answerOf(await ask({ prompt: 'none' })))).toEqual(GRANTED);
      expect(answerOf(await ask({ prompt: 'none' }, openBrowser()))).toEqual(
        told('login_required', 'End-User authentication is required'),
      );
    });

    it('none: consent_required where consent was not given yet', async () => {
      const { code_challenge, code_challenge_method } = pkce();
      const spa = { ...DEMO_SPA, code_challenge, code_challenge_method };
      expect(answerOf(await ask({ ...spa, prompt: 'none' }))).toEqual(
        told('consent_required', 'requested scopes not granted'),
      );
    });

    it('login: asks somebody who is signed in again, and says when that was', async () => {
      const { browser } = await signIn(server.url);
      const page = await browser.follow(await ask({ prompt: 'login' }, browser));
      expect(page.html).toContain('Enter your password again to confirm that it is you.');
      const { callback } = await signIn(server.url, { browser, parameters: { prompt: 'login' } });
      const { body } = await exchange(server.url, String(callback.get('code')));
      const { auth_time, iat = 0 } = decodeJwt(String(body.id_token));
      expect(iat - Number(auth_time)).toBeLessThan(10);
    });

    it('consent: asks, also for a client that needs none', async () => {
      const page = await signedIn.follow(await ask({ prompt: 'consent' }));
      expect(page.html).toContain('Share with <bdi>Demo web application</bdi>?');
    });

    it.each([
      ['none login', 'prompt none must only be used alone'],
      ['none select_account', 'prompt none must only be used alone'],
      ['create', 'unsupported prompt value requested'],
      ['Login', 'unsupported prompt value requested'],
    ])('%s is an invalid_request', async (prompt, description) => {
      expect(answerOf(await ask({ prompt }))).toEqual(told('invalid_request', description));
    });
  });

  describe('max_age', () => {
    it('asks again when signing in was longer ago', async () => {
      await withStillTime(async (time) => {
        const { browser } = await signIn(server.url);
        time.forward(60);
        expect(Object.keys(answerOf(await ask({ max_age: '60' }, browser)))).toEqual(GRANTED);
        time.forward(1);
        expect((await ask({ max_age: '60' }, browser)).location).toEqual(signInPage);
        expect(answerOf(await ask({ max_age: '60', prompt: 'none' }, browser)).error).toBe('login_required');
      });
    });

    it('0 is prompt=login', async () => {
      expect((await ask({ max_age: '0' })).location).toEqual(signInPage);
    });

    it.each(['-1', '1.5', 'soon', '99999999999999999999'])('%s is an invalid_request', async (max_age) => {
      expect(answerOf(await ask({ max_age }))).toEqual(
        told('invalid_request', 'invalid max_age parameter value'),
      );
    });
  });

  describe('login_hint', () => {
    it('fills in the address, and is no way into the page', async () => {
      const browser = openBrowser();
      const page = async (login_hint: string) =>
        (await browser.follow(await ask({ login_hint }, browser))).html;
      expect(await page('ada@demo.example')).toContain('value="ada@demo.example"');
      expect(await page('"><script>alert(1)</script>')).not.toContain('<script>alert');
    });
  });

  describe('by POST', () => {
    const post = (fields: Parameters | URLSearchParams) =>
      fetch(`${server.url}/auth/authorize`, {
        method: 'POST',
        redirect: 'manual',
        headers: { accept: 'application/json', origin: 'https://yourapp.example' },
        body: new URLSearchParams(fields as Record<string, string>),
      });
    const fields = () =>
      Object.fromEntries(new URL(authorizationUrl(server.url, { state: 'a b&c' })).searchParams);

    it("becomes the same request by GET, which brings the cookies that another site's form does not", async () => {
      const response = await post(fields());
      const location = String(response.headers.get('location'));
      expect({ status: response.status, path: location.split('?')[0] }).toEqual({
        status: 303,
        path: '/auth/authorize',
      });
      expect(Object.fromEntries(new URL(location, server.url).searchParams)).toEqual(fields());
      const page = await signedIn.get(new URL(location, server.url).href);
      expect(answerOf(page)).toEqual({ code: expect.any(String), state: 'a b&c', iss: server.url });
    });

    describe('with an id_token_hint', () => {
      /** The address to which a posted request leads. */
      const addressOf = async (parameters: [string, string][]) => {
        const response = await post(new URLSearchParams([...Object.entries(fields()), ...parameters]));
        return new URL(String(response.headers.get('location')), server.url);
      };
      const tokensOf = async (browser: Browser) =>
        String((await obtainTokens(server.url, {}, browser)).id_token);

      it('keeps it, and every other token, out of the address', async () => {
        const hint = await tokensOf(signedIn);
        const { searchParams } = await addressOf([
          ['id_token_hint', hint],
          ['client_secret', 'secret-of-the-client'],
          ['client_assertion', 'assertion-of-the-client'],
        ]);
        expect(Object.fromEntries(searchParams)).toEqual({
          ...fields(),
          sealed_hint: expect.stringMatching(/^sealed:v1:/),
        });
        const { sub } = decodeJwt(hint);
        const text = String(searchParams);
        for (const part of [...hint.split('.'), String(sub)]) expect(text).not.toContain(part);
      });

      it('of whoever is signed in: no question; of somebody else: a question, or login_required', async () => {
        const grace = await aPerson(server);
        const elsewhere = (await signIn(server.url, { person: grace })).browser;
        const answerTo = async (hint: string, more: [string, string][] = []) =>
          signedIn.get((await addressOf([['id_token_hint', hint], ...more])).href);
        expect(Object.keys(answerOf(await answerTo(await tokensOf(signedIn))))).toEqual(GRANTED);
        const ofGrace = await tokensOf(elsewhere);
        expect(answerOf(await answerTo(ofGrace, [['prompt', 'none']])).error).toBe('login_required');

        const asked = await answerTo(ofGrace);
        expect(asked.location).toEqual(signInPage);
        const stored = await server.database.knex('artifacts').select('payload');
        expect(JSON.stringify(stored)).not.toContain('sealed:v1');
        const page = await signedIn.follow(asked);
        const submit = (person: { email: string; password: string }) =>
          signedIn.submit(page, '/sign-in', { email: person.email, password: person.password });
        const wrong = await submit(ADA);
        expect(wrong.status).toBe(403);
        expect(wrong.html).toContain('The application asked for somebody else to sign in.');
        const { browser } = await signIn(server.url);
        const again = await browser.follow(
          await browser.get((await addressOf([['id_token_hint', ofGrace]])).href),
        );
        const { email, password } = grace;
        const done = await browser.submit(again, '/sign-in', { email, password });
        expect(Object.keys(answerOf(await browser.follow(done, DEMO_WEB.redirect_uri)))).toEqual(GRANTED);
      });

      it('that does not verify, is for another client, or comes twice, is an error that the client is told', async () => {
        const hint = await tokensOf(signedIn);
        const forged = `${hint.slice(0, -6)}AAAAAA`;
        const { searchParams } = await addressOf([['id_token_hint', hint]]);
        const sealed = String(searchParams.get('sealed_hint'));
        const spa = { ...pkce(), ...DEMO_SPA, code_verifier: undefined };
        const refusals = [
          await signedIn.get((await addressOf([['id_token_hint', 'garbage']])).href),
          await signedIn.get((await addressOf([['id_token_hint', forged]])).href),
          await ask({ ...spa, sealed_hint: sealed }),
          await ask({ sealed_hint: 'garbage' }),
          await ask({ sealed_hint: `${sealed}A` }),
        ];
        const state = { state: 'a b&c' };
        expect(refusals.map(answerOf)).toEqual([
          { ...told('invalid_request', 'could not validate id_token_hint'), ...state },
          { ...told('invalid_request', 'could not validate id_token_hint'), ...state },
          told('invalid_request', 'could not validate id_token_hint'),
          told('invalid_request', 'could not validate id_token_hint'),
          told('invalid_request', 'could not validate id_token_hint'),
        ]);
        const twice = await addressOf([
          ['id_token_hint', hint],
          ['id_token_hint', hint],
        ]);
        expect(twice.href).not.toContain(hint.split('.')[1]);
        expect(answerOf(await signedIn.get(twice.href)).error).toBe('invalid_request');
      });
    });

    it('is refused when no browser could follow it', async () => {
      const response = await post({ ...fields(), state: 'a'.repeat(33_000) });
      expect({ status: response.status, body: await response.json() }).toEqual({
        status: 413,
        body: {
          error: 'invalid_request',
          error_description:
            'The request is too long for a browser to follow. Push it to /auth/par first (RFC 9126).',
        },
      });
    });
  });

  describe('response_mode', () => {
    it('query is the default; fragment puts the same behind the #', async () => {
      const { location = '' } = await ask({ response_mode: 'fragment' });
      const { search, hash } = new URL(location);
      const fragment = Object.keys(Object.fromEntries(new URLSearchParams(hash.slice(1))));
      expect({ search, fragment }).toEqual({ search: '', fragment: GRANTED });
    });

    it('form_post answers with a page that posts it, with the one script its policy allows', async () => {
      const page = await ask({ response_mode: 'form_post', state: '"><img>' });
      expect(page.status).toBe(200);
      const fields = Object.fromEntries(
        [...page.html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
          ([, name, value]) => [name, value],
        ),
      );
      expect(fields).toEqual({
        code: expect.any(String),
        state: '&quot;&gt;&lt;img&gt;',
        iss: server.url,
      });
      expect(page.html).toContain(`<form method="post" action="${DEMO_WEB.redirect_uri}">`);

      const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page.html) ?? [];
      const hash = createHash('sha256').update(script).digest('base64');
      expect(page.headers.get('content-security-policy')).toBe(
        `default-src 'none';style-src 'self';img-src 'self';base-uri 'none';frame-ancestors 'none';script-src 'sha256-${hash}'`,
      );
      expect(page.headers.get('referrer-policy')).toBe('strict-origin');
    });

    it('any other answer has the policy of every answer', async () => {
      const { headers } = await ask({});
      const everywhere = (await fetch(`${server.url}/healthz`)).headers.get('content-security-policy');
      expect(headers.get('content-security-policy')).toBe(everywhere);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    });

    it('form_post carries errors, too', async () => {
      const page = await ask({ response_mode: 'form_post', prompt: 'none' }, openBrowser());
      expect(page.html).toContain('name="error" value="login_required"');
      expect(page.headers.get('content-security-policy')).toContain("script-src 'sha256-");
    });

    it.each(['web_message', 'web_message.jwt', 'anything'])('%s is not supported', async (response_mode) => {
      expect(answerOf(await ask({ response_mode }))).toEqual(
        told('unsupported_response_mode', 'unsupported response_mode requested'),
      );
    });
  });

  describe('id_token_hint (OIDC Core 3.1.2.1)', () => {
    const NONE = Buffer.from('{"alg":"none","kid":"unknown"}').toString('base64url');

    it('of whoever is signed in: no question', async () => {
      const { id_token } = await obtainTokens(server.url, {}, signedIn);
      expect(Object.keys(answerOf(await ask({ id_token_hint: id_token })))).toEqual(GRANTED);
    });

    it('of somebody else: a question, or login_required', async () => {
      const grace = await aPerson(server);
      const { callback } = await signIn(server.url, { person: grace });
      const { body } = await exchange(server.url, String(callback.get('code')));
      const id_token_hint = String(body.id_token);
      expect((await ask({ id_token_hint })).location).toEqual(signInPage);
      expect(answerOf(await ask({ id_token_hint, prompt: 'none' })).error).toBe('login_required');
    });

    it.each([
      ['garbage', () => 'garbage'],
      ['an access token', async () => (await obtainTokens(server.url, {}, signedIn)).access_token],
      ['of another issuer', () => signedElsewhere({ iss: 'https://evil.example' })],
      ['of another client', () => signedElsewhere({ aud: DEMO_SPA.client_id })],
      ["signed by somebody else under our key's name", async () => signedElsewhere({}, await ourKeyId())],
      ['unsigned', async () => (await signedElsewhere({})).replace(/^[^.]*/, NONE).replace(/[^.]*$/, '')],
    ])('that does not verify is an error that the client is told: %s', async (_what, hint) => {
      expect(answerOf(await ask({ id_token_hint: await hint() }))).toEqual(
        told('invalid_request', 'could not validate id_token_hint'),
      );
    });

    it('whose key has gone since is believed as far as it makes us stricter', async () => {
      expect(Object.keys(answerOf(await ask({ id_token_hint: await signedElsewhere({}) })))).toEqual(GRANTED);
      const id_token_hint = await signedElsewhere({ sub: 'somebody-else' });
      expect((await ask({ id_token_hint })).location).toEqual(signInPage);
      expect(answerOf(await ask({ id_token_hint, prompt: 'none' })).error).toBe('login_required');
    });

    const ourKeyId = async () => {
      const response = await fetch(`${server.url}/auth/jwks`);
      return ((await response.json()) as { keys: { kid: string }[] }).keys[0]?.kid;
    };

    /** An ID token like ours, except for its key. */
    async function signedElsewhere(claims: object, kid?: string): Promise<string> {
      const { privateKey, publicKey } = await generateKeyPair('RS256');
      const ours = { iss: server.url, aud: DEMO_WEB.client_id, sub: ADA.id, ...claims };
      return new SignJWT(ours)
        .setProtectedHeader({
          alg: 'RS256',
          kid: kid ?? String((await exportJWK(publicKey)).n).slice(0, 43),
        })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
    }
  });
});
