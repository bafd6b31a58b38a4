import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type Browser, openBrowser, type Page } from '../../support/browser.ts';
import { authorizationUrl, DEMO_SPA, DEMO_WEB, exchange, pkce, signIn } from '../../support/relying-party.ts';
import { withStillTime } from '../../support/still-time.ts';
import type { TestServer } from '../../support/test-server.ts';

type Parameters = Record<string, string | undefined>;

export function authorizationRequests(server: () => TestServer): void {
  describe('an authorization request', () => {
    let signedIn: Browser;
    beforeAll(async () => {
      signedIn = (await signIn(server().url)).browser;
    });

    const ask = (parameters: Parameters, browser = signedIn) =>
      browser.get(authorizationUrl(server().url, { state: 's', ...parameters }));
    const answerOf = ({ location = '' }: Page) => Object.fromEntries(new URL(location).searchParams);
    const told = (error: string, error_description: string) => ({
      error,
      error_description,
      state: 's',
      iss: server().url,
    });
    const GRANTED = ['code', 'state', 'iss'];
    const signInPage = expect.stringMatching(/\/interaction\/[\w-]{43}$/);

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
        const { browser } = await signIn(server().url);
        const page = await browser.follow(await ask({ prompt: 'login' }, browser));
        expect(page.html).toContain('Please sign in again to confirm that it is you.');
        const { callback } = await signIn(server().url, { browser, parameters: { prompt: 'login' } });
        const { body } = await exchange(server().url, String(callback.get('code')));
        const { auth_time, iat = 0 } = decodeJwt(String(body.id_token));
        expect(iat - Number(auth_time)).toBeLessThan(10);
      });

      it('consent: asks, also for a client that needs none', async () => {
        const page = await signedIn.follow(await ask({ prompt: 'consent' }));
        expect(page.html).toContain('Share with Demo web application?');
      });

      it.each([
        ['none login', 'prompt none must only be used alone'],
        ['select_account', 'unsupported prompt value requested'],
        ['Login', 'unsupported prompt value requested'],
      ])('%s is an invalid_request', async (prompt, description) => {
        expect(answerOf(await ask({ prompt }))).toEqual(told('invalid_request', description));
      });
    });

    describe('max_age', () => {
      it('asks again when signing in was longer ago', async () => {
        await withStillTime(async (time) => {
          const { browser } = await signIn(server().url);
          time.forward(60);
          expect(Object.keys(answerOf(await ask({ max_age: '60' }, browser)))).toEqual(GRANTED);
          time.forward(1);
          expect((await ask({ max_age: '60' }, browser)).location).toEqual(signInPage);
          expect(answerOf(await ask({ max_age: '60', prompt: 'none' }, browser)).error).toBe(
            'login_required',
          );
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
        fetch(`${server().url}/auth/authorize`, {
          method: 'POST',
          redirect: 'manual',
          headers: { accept: 'application/json', origin: 'https://yourapp.example' },
          body: new URLSearchParams(fields as Record<string, string>),
        });
      const fields = () =>
        Object.fromEntries(new URL(authorizationUrl(server().url, { state: 'a b&c' })).searchParams);

      it("becomes the same request by GET, which brings the cookies that another site's form does not", async () => {
        const response = await post(fields());
        const location = String(response.headers.get('location'));
        expect([response.status, location.split('?')[0]]).toEqual([303, '/auth/authorize']);
        expect(Object.fromEntries(new URL(location, server().url).searchParams)).toEqual(fields());
        const page = await signedIn.get(new URL(location, server().url).href);
        expect(answerOf(page)).toEqual({ code: expect.any(String), state: 'a b&c', iss: server().url });
      });

      it('is refused when no browser could follow it', async () => {
        const response = await post({ ...fields(), state: 'a'.repeat(33_000) });
        expect([response.status, await response.json()]).toEqual([
          413,
          {
            error: 'invalid_request',
            error_description:
              'The request is too long for a browser to follow. Push it to /auth/par first (RFC 9126).',
          },
        ]);
      });
    });

    describe('response_mode', () => {
      it('query is the default; fragment puts the same behind the #', async () => {
        const { location = '' } = await ask({ response_mode: 'fragment' });
        const { search, hash } = new URL(location);
        expect([search, Object.keys(Object.fromEntries(new URLSearchParams(hash.slice(1))))]).toEqual([
          '',
          GRANTED,
        ]);
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
          iss: server().url,
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
        const everywhere = (await fetch(`${server().url}/healthz`)).headers.get('content-security-policy');
        expect(headers.get('content-security-policy')).toBe(everywhere);
        expect(headers.get('referrer-policy')).toBe('no-referrer');
      });

      it('form_post carries errors, too', async () => {
        const page = await ask({ response_mode: 'form_post', prompt: 'none' }, openBrowser());
        expect(page.html).toContain('name="error" value="login_required"');
        expect(page.headers.get('content-security-policy')).toContain("script-src 'sha256-");
      });

      it.each(['web_message', 'jwt', 'query.jwt', 'anything'])(
        '%s is not supported',
        async (response_mode) => {
          expect(answerOf(await ask({ response_mode }))).toEqual(
            told('unsupported_response_mode', 'unsupported response_mode requested'),
          );
        },
      );
    });
  });
}
