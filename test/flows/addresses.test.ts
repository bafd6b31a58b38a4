import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, exchange, signIn, userinfo } from '../support/clients/relying-party.ts';
import { aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const password = 'a perfectly good password';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '20', TRUSTED_PROXIES: '127.0.0.1,::1' } });
});
afterAll(() => server.close());

let visitors = 0;
function visitor(): Browser {
  visitors += 1;
  return openBrowser({ headers: { 'x-forwarded-for': `192.0.2.${visitors}` } });
}

/** The claim `email` of the person who signs in with this address. */
async function signedInAs(typed: string, browser = visitor()): Promise<unknown> {
  const { callback } = await signIn(server.url, { browser, person: { email: typed, password } });
  const { body } = await exchange(server.url, callback.get('code') ?? '');
  return (await userinfo(server.url, String(body.access_token))).body.email;
}

async function openSignIn(browser: Browser): Promise<Page> {
  return browser.follow(await browser.get(authorizationUrl(server.url)), DEMO_WEB.redirect_uri);
}

describe('a person signs in with any spelling of their address, and the claim is what was registered', () => {
  it.each([
    [
      'grete@bücher.example',
      ['grete@xn--bcher-kva.example', 'Grete@BÜCHER.example', 'grete@bu\u0308cher.example'],
    ],
    ['hans@xn--bcher-kva.example', ['hans@bücher.example', 'hans@xn--bcher-kva.example']],
    ['José@demo.example', ['josé@demo.example', 'JOSÉ@demo.example', 'jose\u0301@demo.example']],
    ['jose\u0301.b@demo.example', ['josé.b@demo.example']],
    ['INFO@demo.example', ['info@demo.example', '\u3000ｉｎｆｏ＠ｄｅｍｏ．ｅｘａｍｐｌｅ ']],
    ['İlker@demo.example', ['i\u0307lker@demo.example', 'İLKER@demo.example']],
  ])('%s', async (email, spellings) => {
    await aPerson(server, { email });
    for (const typed of [email, ...spellings])
      expect({ typed, email: await signedInAs(typed) }).toEqual({ typed, email });
  });
});

describe('the sign-in page', () => {
  // A field of the type email refuses josé@…, and posts a domain in Punycode, which nobody recognizes when it is shown
  // again.
  it('takes an address in every script, and shows it again as it was typed', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    expect(page.html).toContain('name="email" type="text" inputmode="email"');
    expect(page.html).toContain('autocomplete="username webauthn"');
    const again = await browser.submit(page, '/sign-in', { email: '高橋@日本語.jp', password: 'wrong' });
    expect({ status: again.status, isKept: again.html.includes('value="高橋@日本語.jp"') }).toEqual({
      status: 401,
      isKept: true,
    });
  });

  it('counts the guesses at one account together, however its address is spelt', async () => {
    const { email } = await aPerson(server, { email: 'zoë@bücher.example' });
    const spellings = [email, 'ZOË@bücher.example', 'zoe\u0308@xn--bcher-kva.example', 'zoë@BÜCHER.example'];
    const { knex } = server.database;
    await knex('guesses').delete();
    const buckets = new Set<string>();
    for (const typed of spellings) {
      const browser = visitor();
      await browser.submit(await openSignIn(browser), '/sign-in', { email: typed, password: 'wrong' });
      for (const bucket of await knex('guesses').pluck('bucket')) buckets.add(bucket);
    }
    // One for each network address, and one for the account.
    expect(buckets.size).toBe(spellings.length + 1);
  });

  it('knows the signed-in person by a hint in another spelling', async () => {
    const { email } = await aPerson(server, { email: 'astrid@bücher.example' });
    const browser = visitor();
    await signedInAs(email, browser);
    const known = [];
    for (const login_hint of [email, 'Astrid@xn--bcher-kva.example', 'somebody@bücher.example']) {
      const url = authorizationUrl(server.url, { prompt: 'login', login_hint });
      const { html } = await browser.follow(await browser.get(url), DEMO_WEB.redirect_uri);
      known.push(html.includes('You are signed in as'));
    }
    expect(known).toEqual([true, true, false]);
  });

  it('knows the person in another spelling after a second click', async () => {
    const { email } = await aPerson(server, { email: 'ursula@bücher.example' });
    const browser = visitor();
    const page = await openSignIn(browser);
    await browser.follow(await browser.submit(page, '/sign-in', { email, password }), DEMO_WEB.redirect_uri);
    const again = await browser.submit(page, '/sign-in', { email: 'Ursula@xn--bcher-kva.example', password });
    const { location = '' } = await browser.follow(again, DEMO_WEB.redirect_uri);
    expect(new URL(location).searchParams.get('code')).toEqual(expect.any(String));
  });
});

describe('two people from before whose addresses are one', () => {
  it('sign in with their own spelling, and any other is that of the first', async () => {
    const { knex } = server.database;
    await knex.raw('ALTER TABLE people DISABLE TRIGGER validate_address');
    await aPerson(server, { email: 'first@bücher.example' });
    await aPerson(server, { email: 'first@xn--bcher-kva.example' });
    await knex.raw('ALTER TABLE people ENABLE TRIGGER validate_address');
    const typed = ['First@bücher.example', 'first@XN--bcher-kva.example', 'first@bu\u0308cher.example'];
    const emails = [];
    for (const address of typed) emails.push(await signedInAs(address));
    expect(emails).toEqual(['first@bücher.example', 'first@xn--bcher-kva.example', 'first@bücher.example']);
  });
});
