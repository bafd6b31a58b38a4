import { decodeJwt } from 'jose';
import {
  type Browser,
  messageOf,
  openBrowser,
  type Page,
  redirectOf,
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

const AFTER = 'http://127.0.0.1:9999/signed-out';
const SUCCESS = '/auth/logout/success';
const NOTHING_ENDED =
  'Nothing was ended: the request has no cookie of somebody who is signed in, and no id_token_hint with the sid of a session that goes on. Send the browser of the person to this address.';

let server: TestServer;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await aClient(server, { name: 'Payroll', post_logout_redirect_uris: [AFTER] });
});
afterAll(() => server.close());

async function signedIn(browser = openBrowser(), application = client, person: typeof ADA = ADA) {
  const { client_id, redirect_uri } = application;
  const parameters = { client_id, redirect_uri };
  const { callback } = await signIn(server.url, { browser, person, parameters });
  const { body } = await exchange(server.url, callback.get('code') ?? '', { ...application });
  return { browser, tokens: body as unknown as Tokens };
}

const signOutUrl = (parameters: Record<string, string>) =>
  `${server.url}/auth/logout?${new URLSearchParams(parameters)}`;
const titleOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];

/** Our own ID token, with other claims. */
function changed(idToken: string, claims: Record<string, unknown>): Promise<string> {
  return server.services.keyRings.oidc.current.sign({ ...decodeJwt(idToken), ...claims }, 'JWT');
}

async function sessionOf(browser: Browser): Promise<string> {
  const { client_id, redirect_uri } = client;
  const url = authorizationUrl(server.url, { client_id, redirect_uri, prompt: 'none' });
  return new URL((await browser.get(url)).location ?? '').searchParams.get('error') ?? 'signed in';
}

/** A request by a program: without cookies, and without a wish for a page. */
async function fetchSignOut(parameters: Record<string, string>, method = 'GET') {
  const body = new URLSearchParams(parameters);
  const response = await (method === 'GET'
    ? fetch(signOutUrl(parameters), { redirect: 'manual' })
    : fetch(signOutUrl({}), { redirect: 'manual', method, body }));
  const location = response.headers.get('location');
  return {
    status: response.status,
    location: location === null ? undefined : new URL(location, server.url).href,
    cookies: response.headers.getSetCookie(),
    text: await response.text(),
  };
}

describe('a sign-out that a server asked for, without the cookie of the browser', () => {
  it.each(['GET', 'POST'])(
    'ends the session that the hint names, with all that was given in it: %s',
    async (method) => {
      const { browser, tokens } = await signedIn();
      const elsewhere = await signedIn();
      const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: AFTER, state: 's' };
      const { text: _text, ...answer } = await fetchSignOut(parameters, method);
      expect(answer).toEqual({ status: 303, location: `${AFTER}?state=s`, cookies: [] });
      expect(await sessionOf(browser)).toBe('login_required');
      expect((await userinfo(server.url, tokens.access_token)).status).toBe(401);
      const { client_id, client_secret } = client;
      const refreshed = await refresh(server.url, tokens.refresh_token ?? '', { client_id, client_secret });
      expect(refreshed.body.error).toBe('invalid_grant');
      expect(await sessionOf(elsewhere.browser)).toBe('signed in');
    },
  );

  it('works with the ID token of a refresh, which names the same session', async () => {
    const { browser, tokens } = await signedIn();
    const { client_id, client_secret } = client;
    const { body } = await refresh(server.url, tokens.refresh_token ?? '', { client_id, client_secret });
    expect(decodeJwt(String(body.id_token)).sid).toBe(decodeJwt(tokens.id_token).sid);
    expect((await fetchSignOut({ id_token_hint: String(body.id_token) })).location).toBe(
      `${server.url}${SUCCESS}?client_id=${client_id}`,
    );
    expect(await sessionOf(browser)).toBe('login_required');
  });

  it('can be repeated: the session is over all the same', async () => {
    const { tokens } = await signedIn();
    const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: AFTER };
    const answers = [await fetchSignOut(parameters), await fetchSignOut(parameters)];
    expect(answers.map(({ status, location }) => [status, location])).toEqual([
      [303, AFTER],
      [303, AFTER],
    ]);
  });

  it("ends nobody else's session", async () => {
    const { browser, tokens } = await signedIn();
    const grace = await aPerson(server);
    await fetchSignOut({ id_token_hint: await changed(tokens.id_token, { sub: grace.id }) });
    expect(await sessionOf(browser)).toBe('signed in');
  });

  it('says that nothing was ended, where the hint names no session', async () => {
    const { browser, tokens } = await signedIn();
    const hints = [
      await changed(tokens.id_token, { sid: undefined }),
      await changed(tokens.id_token, { iss: 'https://elsewhere.example' }),
      await changed(tokens.id_token, { aud: 'client_unknown' }),
      `${tokens.id_token.slice(0, -6)}AAAAAA`,
    ];
    for (const id_token_hint of hints) {
      for (const method of ['GET', 'POST']) {
        const first = await fetchSignOut({ id_token_hint, post_logout_redirect_uri: AFTER }, method);
        expect(first.status).toBe(303);
        expect(first.location).toMatch(`${server.url}/auth/logout?`);
        const response = await fetch(String(first.location));
        expect({ status: response.status, body: await response.json() }).toEqual({
          status: 400,
          body: { error: 'invalid_request', error_description: NOTHING_ENDED },
        });
      }
    }
    expect(await sessionOf(browser)).toBe('signed in');
  });

  it('says so, too, without a hint', async () => {
    const { client_id } = client;
    for (const parameters of [{}, { client_id, post_logout_redirect_uri: AFTER }]) {
      const { status, location, text } = await fetchSignOut(parameters);
      expect({ status, location, body: JSON.parse(text) }).toEqual({
        status: 400,
        location: undefined,
        body: { error: 'invalid_request', error_description: NOTHING_ENDED },
      });
    }
  });

  it('leads nowhere that is not registered, and ends nothing then', async () => {
    const { browser, tokens } = await signedIn();
    const parameters = { id_token_hint: tokens.id_token, post_logout_redirect_uri: 'https://evil.example/' };
    expect(await fetchSignOut(parameters)).toMatchObject({ status: 400, location: undefined });
    expect(await sessionOf(browser)).toBe('signed in');
  });
});

describe('a sign-out in a browser', () => {
  it('tells a person who is not signed in that nothing was ended', async () => {
    const page = await openBrowser().get(signOutUrl({}));
    expect({ status: page.status, title: titleOf(page), message: messageOf(page) }).toEqual({
      status: 200,
      title: 'You are not signed in',
      message: 'There was nothing to sign out of. You can close this window.',
    });
  });

  it('with the hint of an earlier session of the same person is asked about first', async () => {
    const earlier = await signedIn();
    await fetchSignOut({ id_token_hint: earlier.tokens.id_token });
    const { browser } = await signedIn(earlier.browser);
    const page = await browser.follow(
      await browser.get(signOutUrl({ id_token_hint: earlier.tokens.id_token })),
    );
    expect(titleOf(page)).toBe('Sign out?');
    expect(await sessionOf(browser)).toBe('signed in');
  });

  it('posted by another site after the session of its hint, asks about the one that goes on', async () => {
    const earlier = await signedIn();
    const parameters = { id_token_hint: earlier.tokens.id_token, post_logout_redirect_uri: AFTER };
    await fetchSignOut(parameters);
    const { browser } = await signedIn(earlier.browser);
    const posted = await openBrowser().post(signOutUrl({}), parameters);
    expect(titleOf(await browser.get(String(posted.location)))).toBe('Sign out?');
    expect(await sessionOf(browser)).toBe('signed in');
  });

  it("ends nobody's session by a stranger's link: the hint has to name the person, and ends only its own session", async () => {
    const victim = await signedIn();
    const stranger = await signedIn(openBrowser(), client, await aPerson(server));
    const links = [
      signOutUrl({ id_token_hint: stranger.tokens.id_token }),
      signOutUrl({ id_token_hint: await changed(stranger.tokens.id_token, { sid: undefined }) }),
      signOutUrl({ client_id: client.client_id, post_logout_redirect_uri: AFTER }),
    ];
    for (const link of links) {
      const page = await victim.browser.follow(await victim.browser.get(link), AFTER);
      expect(titleOf(page)).toBe('Sign out?');
    }
    expect(await sessionOf(victim.browser)).toBe('signed in');
  });

  it('ends a session of another instance only by its own hint', async () => {
    const instance_id = await anInstance(server);
    const application = await aClient(server, { instance_id });
    const acme = await signedIn(openBrowser(), application, await aPerson(server, { instance_id }));
    const { browser, tokens } = await signedIn();
    await fetchSignOut({ id_token_hint: acme.tokens.id_token });
    expect((await userinfo(server.url, acme.tokens.access_token)).status).toBe(401);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
    expect(await sessionOf(browser)).toBe('signed in');
  });
});

describe('a page of signing out', () => {
  it('is never at an address with a hint, whether it was sent in an address or a form', async () => {
    const { browser, tokens } = await signedIn();
    const id_token_hint = await changed(tokens.id_token, { sub: 'somebody-else' });
    const parameters = { id_token_hint, post_logout_redirect_uri: AFTER, state: 'a b&c' };
    const clean = { client_id: client.client_id, post_logout_redirect_uri: AFTER, state: 'a b&c' };
    for (const page of [
      await browser.get(signOutUrl(parameters)),
      await browser.post(signOutUrl({}), parameters),
      await openBrowser().post(signOutUrl({}), parameters),
    ])
      expect(redirectOf(page)).toEqual({ status: 303, location: signOutUrl(clean) });

    const page = await browser.get(signOutUrl(clean));
    expect(page.html).toContain('<strong><bdi>Payroll</bdi></strong> is asking to sign you out of');
    expect(page.html).not.toContain('id_token_hint');
    const confirmed = await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(confirmed.location).toBe(`${AFTER}?state=a+b%26c`);
  });
});

describe('the sid of an ID token', () => {
  it('is the same for every application in a session, another in another browser, and no credential', async () => {
    const { browser, tokens } = await signedIn();
    const second = await signedIn(browser, await aClient(server));
    const elsewhere = await signedIn();
    const [sid, same, other] = [tokens, second.tokens, elsewhere.tokens].map(
      ({ id_token }) => decodeJwt(id_token).sid as string,
    );
    expect(sid).toMatch(/^[\w-]{21,43}$/);
    expect(same).toBe(sid);
    expect(other).not.toBe(sid);
    const thief = openBrowser({ headers: { cookie: `listo_session_demo=${sid}` } });
    expect(await sessionOf(thief)).toBe('login_required');
  });
});
