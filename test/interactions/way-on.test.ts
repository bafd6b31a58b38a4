import {
  type Browser,
  buttonsOf,
  messageOf,
  openBrowser,
  type Page,
  redirectOf,
} from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, postForm, signIn } from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const credentials = { email: ADA.email, password: ADA.password };

let server: TestServer;
let payroll: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  payroll = await aClient(server, {
    name: 'Payroll',
    client_uri: 'https://payroll.example/home',
    initiate_login_uri: 'https://payroll.example/sign-in?from=listo',
  });
});
afterAll(() => server.close());

const urlFor = ({ client_id, redirect_uri }: TestClient, more: Record<string, string> = {}) =>
  authorizationUrl(server.url, { client_id, redirect_uri, ...more });

/** The sign-in page of an application. */
async function openSignIn(
  browser: Browser,
  more: Record<string, string> = {},
  client = payroll,
): Promise<Page> {
  return browser.follow(await browser.get(urlFor(client, more)));
}

/** Signs in, and goes on to the application. Returns the answers from the form's on. */
async function finish(browser: Browser, page: Page): Promise<{ posted: Page; end: Page }> {
  const posted = await browser.submit(page, '/sign-in', credentials);
  return { posted, end: await browser.follow(posted, payroll.redirect_uri) };
}

/** The parameters that the application gets where a browser goes on from `answer`. */
async function atApplication(browser: Browser, answer: Page): Promise<Record<string, string>> {
  const { location = '' } = await browser.follow(answer, payroll.redirect_uri);
  expect(location).toContain(payroll.redirect_uri);
  return Object.fromEntries(new URL(location).searchParams);
}

/** A page's heading, sentence and links. */
function seen(page: Page) {
  return {
    status: page.status,
    title: /<h1>(.*?)<\/h1>/.exec(page.html)?.[1],
    message: messageOf(page),
    links: buttonsOf(page),
  };
}

const linksToPayroll = () => [
  `Sign in again to Payroll: https://payroll.example/sign-in?from=listo&iss=${encodeURIComponent(server.url)}`,
  'Go back to Payroll: https://payroll.example/home',
];
const over = () => ({
  status: 400,
  title: 'This page is no longer valid',
  message:
    'It was open for too long, was already used, was one of too many from your network, or belongs to another browser.',
  links: linksToPayroll(),
});

describe('a browser that has finished an interaction', () => {
  it('is led to the application again: the page gone back to, the form sent again, the redirect followed again', async () => {
    const browser = openBrowser();
    const page = await openSignIn(browser, { state: 'kept', nonce: 'n' });
    const { posted, end } = await finish(browser, page);
    const first = Object.fromEntries(new URL(end.location ?? '').searchParams);
    const again = [
      await browser.get(page.url),
      await browser.submit(page, '/sign-in', credentials),
      await browser.get(posted.location ?? ''),
    ];
    const codes = new Set([first.code]);
    for (const answer of again) {
      const { code, ...others } = await atApplication(browser, answer);
      expect(others).toEqual({ state: 'kept', iss: server.url });
      codes.add(code);
    }
    expect(codes.size).toBe(4);
  });

  it('gives no code to the application when its person says no on a page from before', async () => {
    const asking = await aClient(server, { require_consent: true });
    const browser = openBrowser();
    const signInPage = await openSignIn(browser, {}, asking);
    const consent = await browser.follow(await browser.submit(signInPage, '/sign-in', credentials));
    await atApplication(browser, await browser.submit(consent, '/consent', { decision: 'allow' }));
    for (const answer of [
      await browser.submit(signInPage, '/abort'),
      await browser.submit(consent, '/consent', { decision: 'deny' }),
      await browser.submit(consent, '/consent', {}),
    ])
      expect({ status: answer.status, title: seen(answer).title }).toEqual({
        status: 400,
        title: 'This page is no longer valid',
      });
  });

  it('shows the consent page anew to another person who has signed in since, also to one who has consented', async () => {
    const asking = await aClient(server, { require_consent: true });
    const { browser } = await signIn(server.url);
    const consent = await openSignIn(browser, {}, asking);
    expect(consent.html).toContain('value="allow"');
    const person = await aPerson(server);
    await signIn(server.url, { browser, person, parameters: { prompt: 'login' } });
    const own = await openSignIn(browser, {}, asking);
    await atApplication(browser, await browser.submit(own, '/consent', { decision: 'allow' }));
    const asked = await browser.follow(await browser.submit(consent, '/consent', { decision: 'allow' }));
    expect(asked.html).toContain('value="allow"');
    expect(asked.html).toContain(person.email);
  });

  it('is led from the sign-in to the consent that is still due, and from a given consent on', async () => {
    const asking = await aClient(server, { require_consent: true });
    const browser = openBrowser();
    const signInPage = await openSignIn(browser, {}, asking);
    const consent = await browser.follow(await browser.submit(signInPage, '/sign-in', credentials));
    const back = await browser.follow(await browser.get(signInPage.url));
    for (const page of [consent, back]) expect(page.html).toContain('value="allow"');
    await atApplication(browser, await browser.submit(back, '/consent', { decision: 'allow' }));
    await atApplication(browser, await browser.get(back.url));
    await atApplication(browser, await browser.submit(back, '/consent', { decision: 'allow' }));
  });

  it('need not sign in once more where it just has, though the application asked for it (prompt=login)', async () => {
    const { browser } = await signIn(server.url);
    const page = await openSignIn(browser, { prompt: 'login' });
    await finish(browser, page);
    await atApplication(browser, await browser.get(page.url));
  });

  it('asks whoever typed another address in a page from before to sign in, and is not led on as the first', async () => {
    const browser = openBrowser();
    const page = await openSignIn(browser);
    await finish(browser, page);
    const { email, password } = await aPerson(server);
    const asked = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
    expect(asked.html).toContain('name="password"');
    const spelled = { email: ` ${ADA.email.toUpperCase()}`, password };
    await atApplication(browser, await browser.submit(page, '/sign-in', spelled));
  });

  it('asks again where another person signed in while the page was open', async () => {
    const { browser } = await signIn(server.url);
    const page = await openSignIn(browser, { max_age: '0' });
    const person = await aPerson(server);
    await signIn(server.url, { browser, person, parameters: { prompt: 'login' } });
    const asked = await browser.follow(await browser.submit(page, '/sign-in', credentials));
    expect(asked.html).toContain('name="password"');
  });

  it('is led on after a pushed request, which a person may reload (RFC 9126 section 4)', async () => {
    const { client_id, client_secret, redirect_uri } = payroll;
    const { body } = await postForm(`${server.url}/auth/par`, {
      ...{ client_id, client_secret, redirect_uri },
      ...{ response_type: 'code', scope: 'openid', state: 'kept', login_hint: ADA.email },
    });
    const query = new URLSearchParams({ client_id, request_uri: String(body.request_uri) });
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(`${server.url}/auth/authorize?${query}`));
    await finish(browser, page);
    const again = await browser.get(page.url);
    expect(new URL(again.location ?? '').searchParams.get('login_hint')).toBeNull();
    const { state } = await atApplication(browser, again);
    expect(state).toBe('kept');
  });

  it('signs in again where it is signed out', async () => {
    const browser = openBrowser();
    const page = await openSignIn(browser);
    await finish(browser, page);
    const question = await browser.get(`${server.url}/auth/logout`);
    await browser.submit(question, '/confirm', { decision: 'sign_out' });
    expect((await browser.follow(await browser.get(page.url))).html).toContain('name="password"');
  });

  it('is led on for the person whom the application asked for, or has to sign in; the hint is in no address', async () => {
    const browser = openBrowser();
    const { end } = await finish(browser, await openSignIn(browser));
    const { client_id, client_secret, redirect_uri } = payroll;
    const { body } = await postForm(`${server.url}/auth/token`, {
      ...{ grant_type: 'authorization_code', client_id, client_secret, redirect_uri },
      code: new URL(end.location ?? '').searchParams.get('code') ?? '',
    });
    const hint = String(body.id_token);
    const page = await openSignIn(browser, { prompt: 'login', id_token_hint: hint });
    await finish(browser, page);
    const answer = await browser.get(page.url);
    expect(answer.location).not.toContain(hint.slice(0, 20));
    await atApplication(browser, answer);

    const { email, password } = await aPerson(server);
    const other = await openSignIn(browser, { prompt: 'login' });
    await browser.follow(await browser.submit(other, '/sign-in', { email, password }), payroll.redirect_uri);
    expect((await browser.follow(await browser.get(page.url))).html).toContain('name="password"');
  });

  it('keeps nothing of how it signed in, and nothing at all after the person’s password is another', async () => {
    const { email, password, ...grace } = await aPerson(server);
    const browser = openBrowser();
    const page = await openSignIn(browser);
    await browser.follow(await browser.submit(page, '/sign-in', { email, password }), payroll.redirect_uri);
    const rows = () => server.database.knex('artifacts').where({ model: 'Interaction', person_id: grace.id });
    const [row] = await rows();
    expect(row.consumed_at).toBeInstanceOf(Date);
    expect(Object.keys(row.payload).filter((name) => ['result', 'lastSubmission'].includes(name))).toEqual(
      [],
    );
    await server.database.knex('people').where({ id: grace.id }).update({ disabled_at: new Date() });
    expect(await rows()).toEqual([]);
  });
});

describe('an interaction that is over', () => {
  it('offers its application where it was called off, gone back to or sent again', async () => {
    const browser = openBrowser();
    const page = await openSignIn(browser);
    const posted = await browser.submit(page, '/abort');
    await browser.follow(posted, payroll.redirect_uri);
    const pages = [
      await browser.get(page.url),
      await browser.submit(page, '/abort'),
      await browser.follow(await browser.get(posted.location ?? '')),
    ];
    expect(pages.slice(0, 2).map(seen)).toEqual([over(), over()]);
    expect(pages[2] && seen(pages[2]).title).toBe('This page is no longer valid');
  });

  it('offers its application, in its instance’s look, to a browser that kept the page for days', async () => {
    const browser = openBrowser();
    const page = await openSignIn(browser);
    await server.database.knex('artifacts').where({ model: 'Interaction' }).delete();
    for (const answer of [await browser.get(page.url), await browser.submit(page, '/sign-in', credentials)]) {
      expect(seen(answer)).toEqual(over());
      expect(answer.html).toContain('/assets/theme/demo.css');
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  it('offers what the registration has: an address of its own, the origin of a redirect URI, or nothing', async () => {
    const links = async (client: TestClient) => {
      const address = `${server.url}/interaction/an-interaction-nobody-has?client_id=${client.client_id}`;
      return seen(await openBrowser().get(address)).links;
    };
    const name = 'App';
    const native = { name, application_type: 'native', type: 'public' } as const;
    const redirect_uris = ['com.example.app:/callback'];
    expect({
      withRedirectUri: await links(
        await aClient(server, { name, redirect_uris: ['https://app.example/a/callback?b=1'] }),
      ),
      withOwnPage: await links(await aClient(server, { name, client_uri: 'https://about.example' })),
      native: await links(await aClient(server, { ...native, redirect_uris })),
      nativeWithPage: await links(
        await aClient(server, { ...native, redirect_uris, client_uri: 'https://app.example/get' }),
      ),
    }).toEqual({
      withRedirectUri: ['Go back to App: https://app.example/'],
      withOwnPage: ['Go back to App: https://about.example'],
      native: [],
      nativeWithPage: ['Go back to App: https://app.example/get'],
    });
  });

  it('of a device leads to the page for its code', async () => {
    const device = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    });
    const { body } = await postForm(`${server.url}/auth/device_authorization`, {
      client_id: device.client_id,
      scope: 'openid',
    });
    const browser = openBrowser();
    const question = await browser.get(String(body.verification_uri_complete));
    const page = await browser.follow(await browser.submit(question, '/auth/device', { confirm: 'yes' }));
    await browser.follow(await browser.submit(page, '/sign-in', credentials));
    expect(redirectOf(await browser.get(page.url))).toEqual({
      status: 303,
      location: `${server.url}/auth/device`,
    });
  });

  it('is told to programs as JSON', async () => {
    const answer = await openBrowser().get(`${server.url}/interaction/an-interaction-nobody-has`, {
      accept: 'application/json',
    });
    expect({ status: answer.status, body: JSON.parse(answer.html) }).toEqual({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description:
          'It was open for too long, was already used, was one of too many from your network, or belongs to another browser. To begin again, go back to the application and sign in there.',
      },
    });
  });
});

describe('an open interaction whose cookie is missing', () => {
  const blocked = () => {
    const { host } = new URL(server.url);
    return {
      status: 400,
      title: 'Your browser blocks cookies',
      message: `Signing in needs cookies. Allow those of ${host} in the settings of your browser (private windows and extensions may block them, too).`,
      links: linksToPayroll(),
    };
  };
  /** Goes through the redirects, each time without cookies. */
  async function withoutCookies(start: (browser: Browser) => Promise<Page>): Promise<Page> {
    let page = await start(openBrowser());
    for (let hops = 0; page.location !== undefined && hops < 5; hops += 1)
      page = await openBrowser().get(page.location);
    return page;
  }

  it('says that the browser blocks cookies, when it comes from the application', async () => {
    expect(seen(await withoutCookies((browser) => browser.get(urlFor(payroll))))).toEqual(blocked());
  });

  it('says so when the form is sent, or the page is opened again', async () => {
    const page = await openSignIn(openBrowser());
    const sent = await withoutCookies((browser) => browser.submit(page, '/sign-in', credentials));
    const opened = await withoutCookies((browser) => browser.get(page.url));
    expect([sent, opened].map(seen)).toEqual([blocked(), blocked()]);
  });

  const lost = () => ({
    status: 400,
    title: 'Your browser did not send our cookie',
    message:
      'Signing in needs the cookie that came with the page. It was deleted since, or the browser held it back.',
    links: linksToPayroll(),
  });

  it('says that no cookie came, where any form is sent after the cookies were deleted', async () => {
    const asking = await aClient(server, {
      name: 'Payroll',
      require_consent: true,
      client_uri: 'https://payroll.example/home',
      initiate_login_uri: 'https://payroll.example/sign-in?from=listo',
    });
    const owner = openBrowser();
    const signInPage = await openSignIn(owner, {}, asking);
    const page = await openSignIn(openBrowser(), {}, asking);
    const consent = await owner.follow(await owner.submit(signInPage, '/sign-in', credentials));
    const accounts = await openSignIn(owner, { prompt: 'select_account' });
    for (const [form, path, fields] of [
      [page, '/sign-in', credentials],
      [page, '/abort', {}],
      [consent, '/consent', { decision: 'allow' }],
      [accounts, '/account', {}],
    ] as const) {
      const browser = openBrowser();
      const sent = await browser.submit(form, path, fields);
      expect(sent.location).toContain('&cookies=lost');
      expect(seen(await browser.follow(sent))).toEqual(lost());
      expect(server.logLines().at(-1)).toMatchObject({
        detail: 'a form came without any cookie of ours, from a browser that keeps cookies',
      });
      // With the back button, the cookie of the check comes along, and nothing else.
      expect(seen(await browser.submit(form, path, fields))).toEqual(lost());
    }
  });

  it('says that the page is no longer valid, where a form brings other cookies of ours', async () => {
    const page = await openSignIn(openBrowser());
    const { browser } = await signIn(server.url);
    const sent = await browser.submit(page, '/sign-in', credentials);
    expect(seen(await browser.follow(sent))).toEqual(over());
    const secure = ['__Secure-listo_interaction=x', 'other=1; __Host-listo_session_demo=x'];
    for (const cookie of [...secure, 'listo_cookies=1', 'other_listo_session=x']) {
      const { headers } = await fetch(page.url.replace('?', '/sign-in?'), {
        ...{
          method: 'POST',
          redirect: 'manual',
          headers: { cookie },
          body: new URLSearchParams(credentials),
        },
      });
      // With the cookie of the check, nothing is left to check.
      const reason = /[?&]cookies=(.*)/.exec(headers.get('location') ?? '')?.[1];
      const expected = secure.includes(cookie)
        ? 'checked'
        : cookie === 'listo_cookies=1'
          ? undefined
          : 'lost';
      expect({ cookie, reason }).toEqual({ cookie, reason: expected });
    }
  });

  it('says no longer that cookies are blocked once they are allowed', async () => {
    const page = await openSignIn(openBrowser());
    const browser = openBrowser();
    const told = await browser.get(`${page.url}&cookies=checked`);
    expect(seen(told)).toEqual(blocked());
    expect(seen(await browser.get(`${page.url}&cookies=checked`))).toEqual(over());
  });

  it('belongs to another browser, where this one keeps cookies: it learns nothing of the request', async () => {
    const page = await openSignIn(openBrowser(), { state: 'of-the-owner', login_hint: 'ada@demo.example' });
    const stranger = openBrowser();
    const answer = await stranger.follow(await stranger.get(page.url));
    expect(seen(answer)).toEqual(over());
    expect(`${answer.url} ${answer.html}`).not.toMatch(/of-the-owner|ada@demo/);
  });
});
