import { type Browser, buttonsOf, messageOf, openBrowser, type Page } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, signIn } from '../support/clients/relying-party.ts';
import { aClient, anInstance, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let payroll: TestClient;
/** The session and the known browser of Ada, at the instance `demo`. */
let ada: Browser;
beforeAll(async () => {
  server = await startTestServer();
  payroll = await aClient(server, { name: 'Payroll', client_uri: 'https://payroll.example/' });
  ({ browser: ada } = await signIn(server.url));
});
afterAll(() => server.close());

/** The heading of a page, and whose look it has. */
const seen = (page: Page) => ({
  status: page.status,
  title: /<h1>(.*?)<\/h1>/.exec(page.html)?.[1],
  look: /\/assets\/theme\/([\w-]+)\.css/.exec(page.html)?.[1],
});
const cookiesOf = (browser: Browser, pattern: RegExp) => ({
  cookie: browser
    .cookies()
    .filter(({ name }) => pattern.test(name))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; '),
});

describe('an address without a page', () => {
  const NOTHING = { status: 404, title: 'There is nothing here' };

  it('has the look of the instance in which this browser is signed in, or once was, and says what to do', async () => {
    const lost = `${server.url}/nothing-here`;
    const page = await ada.get(lost);
    expect(seen(page)).toEqual({ ...NOTHING, look: 'demo' });
    expect(messageOf(page)).toBe(
      'The address may be mistyped. To sign in, open your application: it leads you to the right page.',
    );
    const known = openBrowser({ headers: cookiesOf(ada, /^listo_known/) });
    expect(seen(await known.get(lost))).toEqual({ ...NOTHING, look: 'demo' });
  });

  it('has the server’s where cookies name nobody, two instances, or one that is gone', async () => {
    const other = await anInstance(server);
    for (const cookie of [
      '',
      `listo_session_demo=x; listo_session_${other}=x`,
      `listo_known_demo=x; listo_known_${other}=x`,
      'listo_session_nobody=x',
      'listo_session_../demo=x',
    ]) {
      const page = await openBrowser({ headers: { cookie } }).get(`${server.url}/nothing-here`);
      expect(seen(page)).toEqual({ ...NOTHING, look: undefined });
    }
  });

  it('asks the database for no client that an address makes up', async () => {
    const named: string[] = [];
    const note = ({ sql, bindings = [] }: { sql: string; bindings?: unknown[] }) => {
      if (bindings.includes('made-up')) named.push(sql);
    };
    server.database.knex.on('query', note);
    await openBrowser().get(`${server.url}/nothing-here?client_id=made-up`);
    const notAsked = [...named];
    // At authorize the client decides, so it is looked up.
    await openBrowser().get(`${server.url}/auth/authorize?client_id=made-up`);
    server.database.knex.off('query', note);
    expect({ notAsked, asked: named.length > 0 }).toEqual({ notAsked: [], asked: true });
  });
});

describe('a wrong request of an application', () => {
  it('has its instance’s look and leads back to it, where the application is known', async () => {
    const { client_id } = payroll;
    const redirect_uri = 'https://elsewhere.example/callback';
    const url = authorizationUrl(server.url, { client_id, redirect_uri });
    const page = await openBrowser().get(url);
    expect({ ...seen(page), links: buttonsOf(page) }).toEqual({
      status: 400,
      title: 'You cannot go on from here',
      look: 'demo',
      links: ['Go back to Payroll: https://payroll.example/'],
    });
    const unknown = await openBrowser().get(
      authorizationUrl(server.url, { client_id: 'nobody', redirect_uri }),
    );
    expect({ ...seen(unknown), links: buttonsOf(unknown) }).toEqual({
      status: 400,
      title: 'This application is not known here',
      look: undefined,
      links: [],
    });
  });

  it('has the look of the instance in the address, where a provider’s answer names no sign-in', async () => {
    const page = await openBrowser().get(`${server.url}/auth/upstream/callback/demo?state=made-up`);
    expect(seen(page)).toEqual({
      status: 400,
      title: 'Your company’s answer cannot be used',
      look: 'demo',
    });
  });
});

describe('a limit', () => {
  it('keeps the look of an application that is in memory, and tries again', async () => {
    const strict = await startTestServer({ env: { REQUESTS_PER_MINUTE: '2' } });
    try {
      const { client_id, redirect_uri } = await aClient(strict, { name: 'Payroll' });
      const url = authorizationUrl(strict.url, { client_id, redirect_uri });
      const browser = openBrowser();
      await browser.follow(await browser.get(url));
      const page = await openBrowser().get(url);
      expect({ ...seen(page), links: buttonsOf(page) }).toEqual({
        status: 429,
        title: 'Too many attempts',
        look: 'demo',
        links: ['Try again: ', `Go back to Payroll: ${new URL(redirect_uri).origin}/`],
      });
      expect(messageOf(page)).toMatch(/^Wait (a second|\d+ seconds)\.$/);
    } finally {
      await strict.close();
    }
  });
});

describe('the answer of a form that is opened again without the form', () => {
  it.each([
    [
      '/interaction/an-interaction-nobody-has/sign-in?client_id=a',
      '/interaction/an-interaction-nobody-has?client_id=a',
    ],
    ['/interaction/an-interaction-nobody-has/consent', '/interaction/an-interaction-nobody-has'],
    ['/interaction/an-interaction-nobody-has/abort', '/interaction/an-interaction-nobody-has'],
    ['/interaction/an-interaction-nobody-has/account', '/interaction/an-interaction-nobody-has'],
    ['/auth/logout/confirm', '/auth/logout'],
    ['/demo/refresh', '/demo'],
    ['/demo/sign-out', '/demo'],
  ])('%s leads to the page of the form', async (address, page) => {
    const { status, location } = await openBrowser().get(server.url + address);
    expect({ status, location }).toEqual({ status: 303, location: server.url + page });
  });

  it('goes on from a wrong password', async () => {
    const browser = openBrowser();
    const { client_id, redirect_uri } = payroll;
    const form = await browser.follow(
      await browser.get(authorizationUrl(server.url, { client_id, redirect_uri })),
    );
    const wrong = await browser.submit(form, '/sign-in', { email: ADA.email, password: 'wrong' });
    expect(wrong.status).toBe(401);
    const again = await browser.follow(await browser.get(wrong.url));
    expect({ status: again.status, asks: again.html.includes('name="password"') }).toEqual({
      status: 200,
      asks: true,
    });
  });
});

describe('the end of signing out', () => {
  it('keeps the look of what was signed out of, and leads to the application', async () => {
    const { browser } = await signIn(server.url);
    const question = await browser.get(`${server.url}/auth/logout?client_id=${payroll.client_id}`);
    const stayed = await browser.submit(question, '/confirm', { decision: 'stay' });
    const done = await browser.follow(await browser.submit(question, '/confirm', { decision: 'sign_out' }));
    const nobody = await browser.get(`${server.url}/auth/logout?client_id=${payroll.client_id}`);
    expect(
      [stayed, done, nobody].map((page) => ({
        ...seen(page),
        says: messageOf(page),
        links: buttonsOf(page),
      })),
    ).toEqual([
      {
        status: 200,
        title: 'You are still signed in',
        look: 'demo',
        says: 'You can close this window.',
        links: ['Go back to Payroll: https://payroll.example/'],
      },
      {
        status: 200,
        title: 'You are signed out',
        look: 'demo',
        says: 'You can close this window.',
        links: ['Go back to Payroll: https://payroll.example/'],
      },
      {
        status: 200,
        title: 'You are not signed in',
        look: 'demo',
        says: 'There was nothing to sign out of. You can close this window.',
        links: ['Go back to Payroll: https://payroll.example/'],
      },
    ]);
  });

  it('leads to the application’s own page first, and to signing in again after it', async () => {
    const initiate_login_uri = 'https://time.example/begin';
    const signsIn = `Sign in again to Time: ${initiate_login_uri}?iss=${encodeURIComponent(server.url)}`;
    const redirect_uris = ['https://time.example/callback'];
    const begun = { name: 'Time', redirect_uris, initiate_login_uri };
    const links = async (path: string, { client_id }: { client_id: string }) =>
      buttonsOf(await openBrowser().get(`${server.url}/auth/logout${path}?client_id=${client_id}`));
    const withPage = await aClient(server, { ...begun, client_uri: 'https://time.example/home' });
    const withoutPage = await aClient(server, begun);
    for (const path of ['', '/success']) {
      expect(await links(path, withPage)).toEqual(['Go back to Time: https://time.example/home', signsIn]);
      expect(await links(path, withoutPage)).toEqual([signsIn, 'Go back to Time: https://time.example/']);
    }
  });

  it.each([
    ['', undefined],
    ['?instance=demo', 'demo'],
    ['?instance=nowhere', undefined],
    ['?client_id=nobody&instance=demo', 'demo'],
    ['?client_id=a&client_id=b', undefined],
  ])('at an address with %j has the look of %s', async (query, look) => {
    const page = await openBrowser().get(`${server.url}/auth/logout/success${query}`);
    expect({ ...seen(page), links: buttonsOf(page) }).toEqual({
      status: 200,
      title: 'You are signed out',
      look,
      links: [],
    });
  });
});
