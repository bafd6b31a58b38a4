import { type Browser, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, exchange, explainedAt, signIn } from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const REDIRECT_URI = 'http://127.0.0.1:9999/callback';

let server: TestServer;
/** Ada is signed in here. */
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  browser = await signedIn();
});
afterAll(() => server.close());

const clientWithConsent = (columns: Parameters<typeof aClient>[1] = {}) =>
  aClient(server, { require_consent: true, ...columns });

function signedIn(person: { email: string; password: string } = ADA): Promise<Browser> {
  return signIn(server.url, { person }).then(({ browser }) => browser);
}

/** Goes to the authorization endpoint, and returns the page or the redirect to the client. */
async function authorize(
  browser: Browser,
  { client_id, redirect_uri }: TestClient,
  parameters: Record<string, string | undefined> = {},
): Promise<Page> {
  const url = authorizationUrl(server.url, { client_id, redirect_uri, ...parameters });
  return browser.follow(await browser.get(url), redirect_uri);
}

async function decide(
  browser: Browser,
  page: Page,
  decision: string,
  redirectUri = REDIRECT_URI,
): Promise<Page> {
  return browser.follow(await browser.submit(page, '/consent', { decision }), redirectUri);
}

const answerOf = ({ location = '' }: Page) => Object.fromEntries(new URL(location).searchParams);
const askedFor = ({ html }: Page) =>
  [...html.matchAll(/<strong class="grants__title">([^<]*)</g)].map(([, title]) => title);
const CODE = { code: expect.any(String), iss: expect.any(String) };
const LASTING = 'Stay signed in';
const ALL = ['Know who you are', 'See your name', 'See your email address', LASTING];

describe('consent', () => {
  it('says who asks, who is asked, and what for', async () => {
    const client = await clientWithConsent({ name: 'Payroll <Export>' });
    const page = await authorize(browser, client);
    expect(page.status).toBe(200);
    expect(page.html).toContain('<h1>Share with <bdi>Payroll &lt;Export&gt;</bdi>?</h1>');
    expect(page.html).toContain('at <strong class="host">127.0.0.1:9999</strong>');
    expect(page.html).toContain('Ada Lovelace');
    expect(page.html).toContain('ada@demo.example');
    expect(askedFor(page)).toEqual(ALL);
    expect(page.html).toContain('Keep this access while you are away, until you sign out.');
  });

  it('says nothing of access that lasts, for a client without refresh tokens', async () => {
    const client = await clientWithConsent({ grant_types: ['authorization_code'] });
    expect(askedFor(await authorize(browser, client))).toEqual(ALL.filter((title) => title !== LASTING));
  });

  it('is asked once and remembered, in any browser', async () => {
    const client = await clientWithConsent();
    expect(answerOf(await decide(browser, await authorize(browser, client), 'allow'))).toEqual(CODE);
    expect(answerOf(await authorize(browser, client))).toEqual(CODE);
    expect(answerOf(await authorize(await signedIn(), client))).toEqual(CODE);
  });

  it('gives what was asked for, and no more', async () => {
    const client = await clientWithConsent();
    const page = await authorize(browser, client, { scope: 'openid email' });
    const { code } = answerOf(await decide(browser, page, 'allow'));
    const { body } = await exchange(server.url, code ?? '', { ...client });
    expect(body.scope).toBe('openid email');
  });

  it('is asked again when the application wants more, and then holds for both', async () => {
    const client = await clientWithConsent();
    const first = await authorize(browser, client, { scope: 'openid email' });
    expect(askedFor(first)).toEqual(['Know who you are', 'See your email address', LASTING]);
    await decide(browser, first, 'allow');
    expect(answerOf(await authorize(browser, client, { scope: 'openid' }))).toEqual(CODE);

    const more = await authorize(browser, client, { scope: 'openid profile' });
    expect(askedFor(more)).toEqual(['Know who you are', 'See your name', LASTING]);
    await decide(browser, more, 'allow');
    expect(answerOf(await authorize(browser, client))).toEqual(CODE);
  });

  it('is asked whenever the application wants it asked, of everybody', async () => {
    for (const client of [await clientWithConsent(), await aClient(server)]) {
      for (let round = 1; round <= 2; round += 1) {
        const page = await authorize(browser, client, { prompt: 'consent' });
        expect(askedFor(page)).toEqual(ALL);
        expect(answerOf(await decide(browser, page, 'allow'))).toEqual(CODE);
      }
    }
  });

  it('is asked of each person, and for each application', async () => {
    const client = await clientWithConsent();
    await decide(browser, await authorize(browser, client), 'allow');
    const grace = await aPerson(server);
    expect(askedFor(await authorize(await signedIn(grace), client))).toEqual(ALL);
    expect(askedFor(await authorize(browser, await clientWithConsent()))).toEqual(ALL);
  });

  it('tells an installed application of a decision at its own scheme', async () => {
    const redirect_uri = 'com.example.app:/callback';
    const client = await clientWithConsent({ application_type: 'native', redirect_uris: [redirect_uri] });
    const page = await authorize(browser, client);
    expect(page.html).not.toContain('class="host"');
    expect((await decide(browser, page, 'allow', redirect_uri)).location).toMatch(
      /^com\.example\.app:\/callback\?code=/,
    );
  });
});

describe('an installed application (RFC 8252 section 8.6)', () => {
  const SCHEME = 'com.example.app:/callback';
  const LOOPBACK = 'http://127.0.0.1/callback';
  const CLAIMED = 'https://app.example/callback';

  const installed = (columns: Parameters<typeof aClient>[1] = {}) =>
    aClient(server, { application_type: 'native', redirect_uris: [SCHEME, LOOPBACK, CLAIMED], ...columns });
  const at = (client: TestClient, redirect_uri: string) => ({ ...client, redirect_uri });

  it.each([SCHEME, LOOPBACK, 'http://127.0.0.1:51004/callback'])(
    'is answered at %s after its person decided, in each sign-in, whatever they allowed before',
    async (redirect_uri) => {
      for (const require_consent of [false, true]) {
        const client = at(await installed({ require_consent }), redirect_uri);
        for (let round = 1; round <= 2; round += 1) {
          const page = await authorize(browser, client);
          expect(askedFor(page)).toEqual(ALL);
          expect(answerOf(await decide(browser, page, 'allow', redirect_uri))).toEqual(CODE);
        }
        const refused = await decide(browser, await authorize(browser, client), 'deny', redirect_uri);
        expect(answerOf(refused).error).toBe('access_denied');
        const silent = await authorize(browser, client, { prompt: 'none' });
        expect(answerOf(silent)).toEqual({
          error: 'interaction_required',
          error_description:
            'an application that others could imitate is answered only after its person decided',
          iss: server.url,
          error_uri: explainedAt(server.url),
        });
      }
    },
  );

  it('is asked for once where it signs in and asks for consent at the same time', async () => {
    const client = await installed();
    const visitor = openBrowser();
    const page = await authorize(visitor, client);
    const consent = await visitor.follow(await visitor.submit(page, '/sign-in', ADA), SCHEME);
    expect(askedFor(consent)).toEqual(ALL);
    expect(answerOf(await decide(visitor, consent, 'allow', SCHEME))).toEqual(CODE);
  });

  it.each([SCHEME, LOOPBACK])(
    'is answered at %s without a page where its registration says so',
    async (uri) => {
      const client = at(await installed({ answer_silently: true }), uri);
      expect(answerOf(await authorize(browser, client))).toEqual(CODE);
      expect(answerOf(await authorize(browser, client, { prompt: 'none' }))).toEqual(CODE);
    },
  );

  it('is answered without a page at an https address, which the device keeps for it', async () => {
    expect(answerOf(await authorize(browser, at(await installed(), CLAIMED)))).toEqual(CODE);
  });

  it('that asks for consent and may be answered silently is asked once', async () => {
    const client = await installed({ require_consent: true, answer_silently: true });
    const page = await authorize(browser, client);
    expect(answerOf(await decide(browser, page, 'allow', SCHEME))).toEqual(CODE);
    expect(answerOf(await authorize(browser, client))).toEqual(CODE);
  });
});

describe('consent that is refused', () => {
  it('is told to the application, and not remembered', async () => {
    const client = await clientWithConsent();
    for (const decision of ['deny', 'deny', 'anything else']) {
      const page = await authorize(browser, client, { state: 'kept' });
      expect(answerOf(await decide(browser, page, decision))).toEqual({
        error: 'access_denied',
        error_description: 'User denied authorization',
        state: 'kept',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
    }
    // The person is signed in all the same.
    expect(answerOf(await decide(browser, await authorize(browser, client), 'allow'))).toEqual(CODE);
  });

  it('does not take back what was allowed before', async () => {
    const client = await clientWithConsent();
    await decide(browser, await authorize(browser, client, { scope: 'openid' }), 'allow');
    await decide(browser, await authorize(browser, client, { scope: 'openid email' }), 'deny');
    expect(answerOf(await authorize(browser, client, { scope: 'openid' }))).toEqual(CODE);
    expect(askedFor(await authorize(browser, client, { scope: 'openid email' }))).not.toEqual([]);
  });

  it('is what prompt=none gets while it was not given', async () => {
    const client = await clientWithConsent();
    const nobody = answerOf(await authorize(openBrowser(), client, { prompt: 'none' }));
    const ada = answerOf(await authorize(browser, client, { prompt: 'none' }));
    expect({ nobody: nobody.error, ada: ada.error }).toEqual({
      nobody: 'login_required',
      ada: 'consent_required',
    });
  });
});

describe('the consent page refuses', () => {
  it('a form without its token', async () => {
    const client = await clientWithConsent();
    const page = await authorize(browser, client);
    for (const csrf of ['', 'wrong']) {
      const answer = await browser.submit(page, '/consent', { decision: 'allow', csrf });
      expect(answer.status).toBe(403);
    }
    expect(await consentsTo(client)).toEqual([]);
  });

  it('the choice of an account, which is not due', async () => {
    const page = await authorize(browser, await clientWithConsent());
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '';
    const { origin, pathname } = new URL(page.url);
    const answer = await browser.post(`${origin}${pathname}/account`, { csrf });
    expect(redirectOf(answer)).toEqual({ status: 303, location: page.url });
  });

  it('whoever is no longer the one who was asked', async () => {
    const client = await clientWithConsent();
    const shared = await signedIn();
    const page = await authorize(shared, client);
    const grace = await aPerson(server);
    await signIn(server.url, { browser: shared, person: grace, parameters: { prompt: 'login' } });
    const answer = await shared.follow(await shared.submit(page, '/consent', { decision: 'allow' }));
    // The new person is asked instead.
    expect(answer.html).toContain('value="allow"');
    expect(await consentsTo(client)).toEqual([]);
  });

  it('a decision that was made already', async () => {
    const page = await authorize(browser, await clientWithConsent());
    await decide(browser, page, 'deny');
    const answer = await browser.submit(page, '/consent', { decision: 'allow' });
    expect(answer.status).toBe(400);
  });

  function consentsTo({ client_id }: TestClient): Promise<string[]> {
    return server.database.knex('consents').where({ client_id }).pluck('person_id');
  }
});
