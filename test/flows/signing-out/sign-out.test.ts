import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  type Browser,
  buttonsOf,
  detailOf,
  messageOf,
  openBrowser,
  type Page,
  redirectOf,
  statusAndMessage,
} from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  exchange,
  refresh,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const AFTER = 'http://127.0.0.1:9999/signed-out?from=listo';

let server: TestServer;
let client: TestClient;
/** A sign-in that must survive: for requests that must not sign anybody out. */
let ada: { browser: Browser; tokens: Tokens };
beforeAll(async () => {
  server = await startTestServer();
  client = await aClient(server, { name: 'Payroll', post_logout_redirect_uris: [AFTER] });
  ada = await signedIn();
});
afterAll(() => server.close());

/** Signs in, and gets the client's tokens. */
async function signedIn(
  browser = openBrowser(),
  {
    person = ADA,
    application = client,
  }: { person?: { email: string; password: string }; application?: TestClient } = {},
): Promise<{ browser: Browser; tokens: Tokens }> {
  const { client_id, redirect_uri } = application;
  const { callback } = await signIn(server.url, { browser, person, parameters: { client_id, redirect_uri } });
  const { body } = await exchange(server.url, callback.get('code') ?? '', { ...application });
  return { browser, tokens: body as unknown as Tokens };
}

function signOutUrl(parameters: Record<string, string>): string {
  return `${server.url}/auth/logout?${new URLSearchParams(parameters)}`;
}

/** Follows redirects that stay at the server: a page is never at an address with a hint. */
async function openSignOut(browser: Browser, parameters: Record<string, string>): Promise<Page> {
  const page = await browser.follow(await browser.get(signOutUrl(parameters)), AFTER);
  expect(new URL(page.url).searchParams.has('id_token_hint')).toBe(false);
  return page;
}

/** An ID token of ours without a `sid`, as a device has it. */
function withoutSid(idToken: string): Promise<string> {
  const { sid: _sid, ...claims } = decodeJwt(idToken);
  return server.services.keyRings.oidc.current.sign(claims, 'JWT');
}

const titleOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const personOn = ({ html }: Page) => /person__name"><bdi>([^<]*)</.exec(html)?.[1];
/** The visible parts of a page. */
const seen = (page: Page) => ({ status: page.status, title: titleOf(page), person: personOn(page) });
const NOBODY = { status: 200, title: 'You are not signed in', person: undefined };
const QUESTION = { status: 200, title: 'Sign out?', person: 'Ada Lovelace' };

/** The remains of a sign-in: the browser's session, and which of its tokens work. */
async function stateOf(browser: Browser, tokens: Tokens): Promise<Record<string, unknown>> {
  const { client_id, client_secret } = client;
  const refreshed = await refresh(server.url, tokens.refresh_token ?? '', { client_id, client_secret });
  return {
    session: await sessionOf(browser),
    userinfo: (await userinfo(server.url, tokens.access_token)).status,
    refresh: refreshed.body.error ?? refreshed.status,
  };
}

async function isSignedIn(browser: Browser, tokens: Tokens): Promise<boolean> {
  const { status } = await userinfo(server.url, tokens.access_token);
  return status === 200 && (await sessionOf(browser)) === 'signed in';
}

async function sessionOf(browser: Browser): Promise<string> {
  const { client_id, redirect_uri } = client;
  const url = authorizationUrl(server.url, { client_id, redirect_uri, prompt: 'none' });
  return new URL((await browser.get(url)).location ?? '').searchParams.get('error') ?? 'signed in';
}
const SIGNED_IN = { session: 'signed in', userinfo: 200, refresh: 200 };
const SIGNED_OUT = { session: 'login_required', userinfo: 401, refresh: 'invalid_grant' };

describe('signing out', () => {
  it('needs no confirmation of an application that proves who is signed in, and ends all that was given', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.get(
      signOutUrl({ id_token_hint: tokens.id_token, post_logout_redirect_uri: AFTER, state: 'a b&c' }),
    );
    expect(redirectOf(page)).toEqual({
      status: 303,
      location: 'http://127.0.0.1:9999/signed-out?from=listo&state=a+b%26c',
    });
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.getSetCookie()).toEqual([
      'listo_session_demo=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax',
      'listo_session_demo.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax',
    ]);
    expect(await stateOf(browser, tokens)).toEqual(SIGNED_OUT);
  });

  it('works as a form that the application posts', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.post(signOutUrl({}), {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: AFTER,
    });
    expect(redirectOf(page)).toEqual({ status: 303, location: AFTER });
    expect(await stateOf(browser, tokens)).toEqual(SIGNED_OUT);
  });

  it('repeats a form from another site, which brings no cookies, and keeps the token out of the address', async () => {
    const { browser, tokens } = await signedIn();
    const posted = await openBrowser().post(signOutUrl({}), {
      id_token_hint: await withoutSid(tokens.id_token),
      post_logout_redirect_uri: AFTER,
      state: 'kept',
    });
    const parameters = { client_id: client.client_id, post_logout_redirect_uri: AFTER, state: 'kept' };
    expect(redirectOf(posted)).toEqual({ status: 303, location: signOutUrl(parameters) });
    expect(titleOf(await browser.get(posted.location ?? ''))).toBe('Sign out?');
  });

  it('takes a hint that has expired', async () => {
    const { browser, tokens } = await signedIn();
    await withStillTime(async (time) => {
      time.forward(2 * 60 * 60);
      const page = await browser.get(
        signOutUrl({ id_token_hint: tokens.id_token, post_logout_redirect_uri: AFTER }),
      );
      expect(page.location).toBe(AFTER);
    });
  });

  it('is confirmed by the person when nothing proves who asks', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.get(
      signOutUrl({ client_id: client.client_id, post_logout_redirect_uri: AFTER, state: '"x"' }),
    );
    expect(seen(page)).toEqual(QUESTION);
    expect(page.html).toContain('<strong><bdi>Payroll</bdi></strong> is asking to sign you out of');
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self' http:;");
    expect(await stateOf(browser, tokens)).toEqual(SIGNED_IN);

    const confirmed = await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(redirectOf(confirmed)).toEqual({
      status: 303,
      location: 'http://127.0.0.1:9999/signed-out?from=listo&state=%22x%22',
    });
    expect(titleOf(await browser.get(signOutUrl({})))).toBe('You are not signed in');
  });

  it('leaves everything as it was for whoever would rather stay', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.get(signOutUrl({}));
    const stayed = await browser.submit(page, '/confirm', { decision: 'stay' });
    expect(seen(stayed)).toEqual({ status: 200, title: 'You are still signed in', person: undefined });
    expect(await stateOf(browser, tokens)).toEqual(SIGNED_IN);
  });

  it('says so where no application is waiting', async () => {
    const { browser } = await signedIn();
    const done = await browser.follow(
      await browser.submit(await browser.get(signOutUrl({})), '/confirm', { decision: 'sign_out' }),
    );
    expect(seen(done)).toEqual({ status: 200, title: 'You are signed out', person: undefined });
  });

  it('goes straight back when nobody is signed in', async () => {
    const page = await openBrowser().get(
      signOutUrl({ client_id: client.client_id, post_logout_redirect_uri: AFTER, state: 's' }),
    );
    expect(redirectOf(page)).toEqual({ status: 303, location: `${AFTER}&state=s` });
  });

  it('happens once: the confirmation sent again goes straight back', async () => {
    const { browser } = await signedIn();
    const page = await browser.get(
      signOutUrl({ client_id: client.client_id, post_logout_redirect_uri: AFTER }),
    );
    const answers = [];
    for (let n = 1; n <= 2; n += 1)
      answers.push(await browser.submit(page, '/confirm', { decision: 'sign_out' }));
    expect(answers.map(redirectOf)).toEqual([
      { status: 303, location: AFTER },
      { status: 303, location: AFTER },
    ]);
  });

  it('leads an installed application back to its own scheme', async () => {
    const native = await aClient(server, {
      application_type: 'native',
      redirect_uris: ['com.example.app:/callback'],
      post_logout_redirect_uris: ['com.example.app:/signed-out'],
    });
    const page = await openBrowser().get(
      signOutUrl({
        client_id: native.client_id,
        post_logout_redirect_uri: 'com.example.app:/signed-out',
        state: 's',
      }),
    );
    expect(page.location).toBe('com.example.app:/signed-out?state=s');
  });

  it('ends what every application was given in that browser, and nothing of another browser', async () => {
    const second = await aClient(server);
    const { browser, tokens } = await signedIn();
    const other = await signedIn(browser, { application: second });
    const elsewhere = await signedIn();
    await browser.get(signOutUrl({ id_token_hint: tokens.id_token }));
    expect((await userinfo(server.url, other.tokens.access_token)).status).toBe(401);
    expect(await stateOf(elsewhere.browser, elsewhere.tokens)).toEqual(SIGNED_IN);
  });
});

it('leaves nothing that a copy of the cookies is good for', async () => {
  const { browser, tokens } = await signedIn();
  const cookie = browser
    .cookies()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
  expect(await sessionOf(openBrowser({ headers: { cookie } }))).toBe('signed in');
  await browser.get(signOutUrl({ id_token_hint: tokens.id_token }));
  expect(await sessionOf(openBrowser({ headers: { cookie } }))).toBe('login_required');
});

describe('a browser that is signed in to several instances', () => {
  it('chooses when nobody says which is meant, and signs out of that one only', async () => {
    const instance_id = await anInstance(server, { name: 'Acme' });
    const person = await aPerson(server, { instance_id });
    const application = await aClient(server, { instance_id });
    const { browser, tokens } = await signedIn();
    const acme = await signedIn(browser, { person, application });

    const choice = await browser.get(signOutUrl({}));
    expect(titleOf(choice)).toBe('Where do you want to sign out?');
    const choices = [...choice.html.matchAll(/href="(\/auth\/logout\?[^"]*)"/g)].map(([, href]) => href);
    expect(choices).toEqual(['/auth/logout?instance=demo', `/auth/logout?instance=${instance_id}`]);

    const page = await browser.get(`${server.url}${choices[1]}`);
    expect(seen(page)).toEqual({ ...QUESTION, person: 'Grace Hopper' });
    await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect((await userinfo(server.url, acme.tokens.access_token)).status).toBe(401);
    expect(await stateOf(browser, tokens)).toEqual(SIGNED_IN);
  });
});

describe('a hint that proves nothing', () => {
  /** The claims of a real hint, signed by another key. */
  async function forged(idToken: string, header: Record<string, string>): Promise<string> {
    const { privateKey } = await generateKeyPair('RS256');
    return new SignJWT(decodeJwt(idToken)).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey);
  }

  function unsigned(idToken: string, header: Record<string, string> = {}): string {
    const [, payload] = idToken.split('.');
    return `${Buffer.from(JSON.stringify({ alg: 'none', ...header })).toString('base64url')}.${payload}.`;
  }

  it('of another person, broken, unsigned, or by a key that is not ours, leads to the confirmation', async () => {
    const grace = await signedIn(openBrowser(), { person: await aPerson(server) });
    const { browser, tokens } = ada;
    const { kid } = decodeProtectedHeader(tokens.id_token) as { kid: string };
    const hints = [
      grace.tokens.id_token,
      `${tokens.id_token.slice(0, -6)}AAAAAA`,
      'garbage',
      'a.b.c',
      unsigned(tokens.id_token),
      unsigned(tokens.id_token, { kid }),
      await forged(tokens.id_token, { kid }),
      await forged(tokens.id_token, { kid: 'a key that has gone' }),
      tokens.access_token,
    ];
    for (const id_token_hint of hints) {
      expect(seen(await openSignOut(browser, { id_token_hint }))).toEqual(QUESTION);
    }
    expect(await isSignedIn(browser, tokens)).toBe(true);
  });

  it('does not say which application asks, so the browser is led nowhere, signed in or not', async () => {
    const { browser, tokens } = await signedIn();
    for (const hint of [unsigned(tokens.id_token), await forged(tokens.id_token, { kid: 'gone' })]) {
      const parameters = { id_token_hint: hint, post_logout_redirect_uri: AFTER };
      expect(seen(await openSignOut(openBrowser(), parameters))).toEqual(NOBODY);
      const page = await openSignOut(browser, parameters);
      expect(page.html).not.toContain('Payroll');
      expect(page.html).not.toContain(AFTER);
    }
    const page = await openSignOut(browser, {
      id_token_hint: unsigned(tokens.id_token),
      post_logout_redirect_uri: AFTER,
    });
    const done = await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(done.location).toBe(`${server.url}/auth/logout/success?instance=demo`);
  });

  it('leaves to the client_id only whose page it is: the registered address is not used', async () => {
    const { browser, tokens } = await signedIn();
    const parameters = {
      id_token_hint: await forged(tokens.id_token, { kid: 'a key that has gone' }),
      client_id: client.client_id,
      post_logout_redirect_uri: AFTER,
    };
    const afterwards = `${server.url}/auth/logout/success?client_id=${client.client_id}`;
    const clean = { status: 303, location: signOutUrl({ client_id: client.client_id }) };
    for (const elsewhere of [
      await browser.get(signOutUrl(parameters)),
      await browser.post(signOutUrl({}), parameters),
      // A form of another site comes without cookies.
      await openBrowser().post(signOutUrl({}), parameters),
    ])
      expect(redirectOf(elsewhere)).toEqual(clean);
    const page = await openSignOut(browser, parameters);
    expect(page.html).toContain('<strong><bdi>Payroll</bdi></strong> is asking to sign you out of');
    expect(page.html).not.toContain(AFTER);
    const confirmed = await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(confirmed.location).toBe(afterwards);
    // Nobody is signed in any more.
    expect(seen(await openSignOut(browser, parameters))).toEqual(NOBODY);
  });

  it('is none where it is empty, and one where it is sent twice', async () => {
    const to = { client_id: client.client_id, post_logout_redirect_uri: AFTER };
    const hints = (...values: string[]) => values.map((hint): [string, string] => ['id_token_hint', hint]);
    const post = async (...values: string[]) => {
      const body = new URLSearchParams([...Object.entries(to), ...hints(...values)]);
      const { status, headers } = await fetch(signOutUrl({}), { method: 'POST', body, redirect: 'manual' });
      return { status, location: new URL(headers.get('location') ?? '', server.url).href };
    };
    const [empty, twice] = [await post(''), await post('a.b.c', '')];
    expect(empty).toEqual({ status: 303, location: signOutUrl(to) });
    expect(twice).toEqual({
      status: 303,
      location: signOutUrl({ client_id: client.client_id }),
    });
  });

  it('signed by our key, but of another issuer, for no client of ours, or no ID token, leads there, too', async () => {
    const { browser, tokens } = ada;
    const { current } = server.services.keyRings.oidc;
    const claims = decodeJwt(tokens.id_token);
    for (const changed of [
      { iss: 'https://elsewhere.example' },
      { aud: 'client_unknown' },
      { aud: [client.client_id] },
      { aud: 'a\0' },
      { sub: 'a\0' },
    ]) {
      const id_token_hint = await current.sign({ ...claims, ...changed }, 'JWT');
      expect(seen(await openSignOut(browser, { id_token_hint }))).toEqual(QUESTION);
    }
    const id_token_hint = await current.sign(claims, 'logout+jwt');
    expect(seen(await openSignOut(browser, { id_token_hint }))).toEqual(QUESTION);
    expect(await isSignedIn(browser, tokens)).toBe(true);
  });

  it('signed by our key, and with a sid that no session has, ends nothing', async () => {
    const { tokens } = ada;
    const claims = decodeJwt(tokens.id_token);
    for (const sid of ['a\0', 'a'.repeat(3000), 7]) {
      const hint = await server.services.keyRings.oidc.current.sign({ ...claims, sid }, 'JWT');
      expect(seen(await openSignOut(openBrowser(), { id_token_hint: hint }))).toEqual(NOBODY);
    }
    expect(await isSignedIn(ada.browser, tokens)).toBe(true);
  });

  it('with a public key in its header is not believed', async () => {
    const { browser, tokens } = ada;
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const hint = await new SignJWT(decodeJwt(tokens.id_token))
      .setProtectedHeader({ alg: 'RS256', jwk: await exportJWK(publicKey) })
      .sign(privateKey);
    expect(titleOf(await openSignOut(browser, { id_token_hint: hint }))).toBe('Sign out?');
  });
});

describe('signing out refuses', () => {
  it('to lead anywhere that is not registered, and offers to sign out and stay here', async () => {
    const { browser, tokens } = ada;
    const stranger = openBrowser();
    for (const post_logout_redirect_uri of [
      'https://evil.example/',
      'http://127.0.0.1:9999/signed-out',
      `${AFTER}&more=1`,
      '//evil.example',
      'javascript:alert(1)',
      `${AFTER}\r\nSet-Cookie: a=b`,
    ]) {
      for (const hint of [{ id_token_hint: tokens.id_token }, { client_id: client.client_id }]) {
        const url = signOutUrl({ ...hint, post_logout_redirect_uri } as never);
        const page = await browser.follow(await browser.get(url));
        expect({ ...redirectOf(page), title: titleOf(page) }).toEqual({
          status: 400,
          location: undefined,
          title: 'Sign out?',
        });
        expect(page.html).toContain(
          'The application gave an address for your return that is not registered. You can sign out here, and stay here.',
        );
        expect(page.html).not.toContain('name="post_logout_redirect_uri"');
        const nobody = await stranger.get(url);
        expect({ ...redirectOf(nobody), message: messageOf(nobody) }).toEqual({
          status: 400,
          location: undefined,
          message:
            'The application gave an address for your return that is not registered, so you stay here.',
        });
      }
    }
    expect(await isSignedIn(browser, tokens)).toBe(true);
  });

  it('to lead anywhere that is not registered, after it has signed out', async () => {
    const { browser } = await signedIn();
    const { client_id } = client;
    const page = await browser.get(
      signOutUrl({ client_id, post_logout_redirect_uri: 'https://evil.example/' }),
    );
    const done = await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(done.location).toBe(`${server.url}/auth/logout/success?client_id=${client_id}`);
  });

  it('to lead anywhere at all when no application asks', async () => {
    const { browser } = await signedIn();
    const page = await browser.get(signOutUrl({ post_logout_redirect_uri: AFTER }));
    const done = await browser.submit(page, '/confirm', {
      decision: 'sign_out',
      post_logout_redirect_uri: 'https://evil.example',
    });
    expect(done.location).toBe(`${server.url}/auth/logout/success?instance=demo`);
  });

  it('what contradicts itself, is unknown, or comes twice', async () => {
    const { browser, tokens } = ada;
    const { id_token } = tokens;
    const refusals = [];
    for (const query of [
      new URLSearchParams({ id_token_hint: id_token, client_id: 'client_demo_web' }),
      new URLSearchParams({ client_id: 'unknown' }),
      'state=1&state=2',
      'client_id=a%00b',
    ]) {
      const page = await browser.get(`${server.url}/auth/logout?${query}`);
      refusals.push({ status: page.status, detail: detailOf(page), ways: buttonsOf(page) });
    }
    const ways = ['Sign out here: /auth/logout'];
    expect(refusals).toEqual([
      { status: 400, detail: 'The client_id is not the one that the id_token_hint was issued to.', ways },
      { status: 400, detail: 'This client_id is not known.', ways },
      { status: 400, detail: 'The parameter state was sent more than once.', ways },
      { status: 400, detail: 'The parameter client_id contains a NUL character.', ways: [] },
    ]);
  });

  it('a confirmation without its token, with one of another session, or from another site', async () => {
    const { browser, tokens } = ada;
    const page = await browser.get(signOutUrl({}));
    const stranger = await signedIn(openBrowser(), { person: await aPerson(server) });
    const foreign = /name="csrf" value="([^"]*)"/.exec(
      (await stranger.browser.get(signOutUrl({}))).html,
    )?.[1];
    for (const csrf of ['', 'wrong', foreign ?? '']) {
      const answer = await browser.submit(page, '/confirm', { decision: 'sign_out', csrf });
      expect(statusAndMessage(answer)).toEqual({
        status: 403,
        message:
          'Somebody else signed in with this browser since it was opened, or it was opened in another one.',
      });
    }
    const fields = {
      instance: 'demo',
      decision: 'sign_out',
      csrf: /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '',
    };
    const crossSite = await browser.post(`${server.url}/auth/logout/confirm`, fields, {
      'sec-fetch-site': 'cross-site',
    });
    expect(crossSite.status).toBe(403);
    expect(await isSignedIn(browser, tokens)).toBe(true);
  });

  it('a confirmation that does not say where', async () => {
    const { browser } = ada;
    const page = await browser.post(`${server.url}/auth/logout/confirm`, { decision: 'sign_out' });
    expect({ status: page.status, detail: detailOf(page) }).toEqual({
      status: 400,
      detail: 'The form does not say where to sign out.',
    });
  });

  it('an instance that does not exist, quietly', async () => {
    const { browser, tokens } = ada;
    for (const instance of ['nowhere', '../x', 'a\r\nSet-Cookie: x=y', 'DEMO']) {
      const page = await browser.get(signOutUrl({ instance }));
      expect({ ...seen(page), cookies: page.headers.getSetCookie() }).toEqual({ ...NOBODY, cookies: [] });
    }
    expect(await isSignedIn(browser, tokens)).toBe(true);
  });

  it('cookies that nobody signed, and looks none of them up', async () => {
    const cookie = Array.from({ length: 20 }, (_, n) => `listo_session_i${n}=${'x'.repeat(43)}`).join('; ');
    expect(seen(await openBrowser({ headers: { cookie } }).get(signOutUrl({})))).toEqual(NOBODY);
  });
});
