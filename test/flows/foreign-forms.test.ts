import { edgesOf } from '../../src/app.ts';
import { messageOf, openBrowser } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The routes to which only forms of our own pages are sent. */
const OWN_FORMS = [
  '/interaction/:uid/account',
  '/interaction/:uid/sign-in',
  '/interaction/:uid/passkey',
  '/interaction/:uid/second-factor/passkey',
  '/interaction/:uid/set-up-factor/passkey',
  '/interaction/:uid/consent',
  '/interaction/:uid/abort',
  '/interaction/:uid/go-on',
  '/interaction/:uid/second-factor',
  '/interaction/:uid/recovery-code',
  '/interaction/:uid/set-up-factor',
  '/account/:instance/applications/end',
  '/account/:instance/address',
  '/account/:instance/authenticator-app',
  '/account/:instance/authenticator-app/remove',
  '/account/:instance/passkeys/:passkey/remove',
  '/account/:instance/passkeys/:passkey/rename',
  '/account/:instance/passkeys/add',
  '/account/:instance/password',
  '/account/:instance/recovery-codes',
  '/account/:instance/sessions/end',
  '/account/:instance/sessions/end-others',
  '/recovery/:instance',
  '/recovery/:instance/address',
  '/recovery/:instance/code',
  '/recovery/:instance/invitation',
  '/recovery/:instance/invitation/again',
  '/recovery/:instance/password',
  '/auth/device',
  '/auth/logout/confirm',
  '/demo/userinfo',
  '/demo/refresh',
  '/demo/listnr-token',
  '/demo/listnr-verification',
  '/demo/sign-out',
  '/demo/device/check',
];
/** The routes at which pages of applications may send a browser's form (OIDC Core 3.1.2.1, RP-Initiated Logout 2). */
const FORMS_OF_APPLICATIONS = ['/auth/authorize', '/auth/logout'];
/** The routes for programs, which authenticate themselves and send no cookie. */
const FOR_PROGRAMS = [
  '/v1/listnr-token-provider/issue-token',
  '/v1/listnr-token-provider/explain',
  '/auth/explain',
  '/auth/token',
  '/auth/userinfo',
  '/auth/revoke',
  '/auth/introspect',
  '/auth/par',
  '/auth/device_authorization',
];

const ELSEWHERE = 'https://elsewhere.example';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** The status and the sentence of the answer to an otherwise empty form with these headers. */
async function send(path: string, headers: Record<string, string>) {
  const browser = openBrowser();
  const address = `${server.url}${path.replace(':uid', 'an-interaction-nobody-has').replace(':instance', 'demo')}`;
  const page = await browser.post(address, { user_code: 'BBBB-BBBB' }, headers);
  return { status: page.status, message: messageOf(page) };
}
const refusal = () => ({
  status: 403,
  message: `Forms are taken only from pages at ${server.url}.`,
});

/** Headers of forms from other pages. */
const FOREIGN: [string, () => Record<string, string>][] = [
  ['another origin', () => ({ origin: ELSEWHERE })],
  ['another origin on the same site', () => ({ origin: ELSEWHERE, 'sec-fetch-site': 'same-site' })],
  ['an origin that begins like ours', () => ({ origin: `${server.url}.elsewhere.example` })],
  ['our host by another scheme', () => ({ origin: server.url.replace('http:', 'https:') })],
  [
    'another origin that the browser takes for ours',
    () => ({ origin: ELSEWHERE, 'sec-fetch-site': 'same-origin' }),
  ],
  ['an origin that the browser withholds', () => ({ origin: 'null' })],
  ['a withheld origin on another site', () => ({ origin: 'null', 'sec-fetch-site': 'cross-site' })],
  ['a withheld origin, typed by the person', () => ({ origin: 'null', 'sec-fetch-site': 'none' })],
  ['another site that names our origin', () => ({ origin: server.url, 'sec-fetch-site': 'cross-site' })],
  ['another site that names no origin', () => ({ origin: '', 'sec-fetch-site': 'cross-site' })],
];

/** Headers of forms from our own pages, and of programs. */
const OWN: [string, () => Record<string, string>][] = [
  ['our origin', () => ({ origin: server.url })],
  ['our origin on the same origin', () => ({ origin: server.url, 'sec-fetch-site': 'same-origin' })],
  ['our origin, by the person alone', () => ({ origin: server.url, 'sec-fetch-site': 'none' })],
  ['a withheld origin that is ours', () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' })],
  ['neither header', () => ({ origin: '' })],
];

it('knows every route that takes POST', () => {
  const routes = edgesOf(server.services).flatMap(({ stack }) => stack);
  const posted = routes.filter(({ methods }) => methods.includes('POST')).map(({ path }) => path);
  expect(posted.toSorted()).toEqual([...OWN_FORMS, ...FORMS_OF_APPLICATIONS, ...FOR_PROGRAMS].toSorted());
});

describe.each(OWN_FORMS)('a form for %s', (path) => {
  it.each(FOREIGN)('is refused from %s', async (_name, headers) => {
    expect(await send(path, headers())).toEqual(refusal());
  });

  it.each(OWN)('is taken with %s', async (_name, headers) => {
    expect((await send(path, headers())).message).not.toBe(refusal().message);
  });
});

describe('a form from an application’s page', () => {
  const headers = { origin: ELSEWHERE, 'sec-fetch-site': 'cross-site' };

  it('asks for an authorization', async () => {
    const browser = openBrowser();
    const request = new URL(authorizationUrl(server.url, DEMO_WEB)).searchParams;
    const answer = await browser.post(`${server.url}/auth/authorize`, Object.fromEntries(request), headers);
    const page = await browser.follow(answer);
    expect({ status: page.status, asks: page.html.includes('name="password"') }).toEqual({
      status: 200,
      asks: true,
    });
  });

  it('asks to sign out', async () => {
    const browser = openBrowser();
    const answer = await browser.post(
      `${server.url}/auth/logout`,
      { client_id: DEMO_WEB.client_id },
      headers,
    );
    const page = await browser.follow(answer);
    expect({ status: page.status, url: page.url }).toEqual({
      status: 200,
      url: `${server.url}/auth/logout?client_id=${DEMO_WEB.client_id}`,
    });
  });
});

describe('the origin', () => {
  it('is the issuer’s, whatever a proxy or a client says of hosts', async () => {
    const named = { host: 'elsewhere.example', 'x-forwarded-host': 'elsewhere.example', origin: ELSEWHERE };
    expect(await send('/auth/logout/confirm', named)).toEqual(refusal());
  });

  it('that was refused is in the log', async () => {
    await send('/auth/device', { origin: ELSEWHERE });
    expect(server.logLines().at(-1)).toMatchObject({
      path: '/auth/device',
      status: 403,
      error: 'invalid_request',
      detail: `the form came from ${ELSEWHERE}, not from ${server.url}`,
    });
  });
});

describe('the referrer policy', () => {
  it('lets browsers name the origin of our forms, and tells other sites nothing', async () => {
    const browser = openBrowser();
    const signIn = await browser.follow(await browser.get(authorizationUrl(server.url, DEMO_WEB)));
    const answer = await browser.submit(signIn, '/sign-in', { email: ADA.email, password: ADA.password });
    await browser.follow(answer, DEMO_WEB.redirect_uri);
    const question = await browser.get(`${server.url}/auth/logout`);
    const code = await browser.get(`${server.url}/auth/device`);
    const missing = await browser.get(`${server.url}/nothing-here`);
    expect(
      [signIn, answer, question, code, missing].map(({ headers }) => headers.get('referrer-policy')),
    ).toEqual(['same-origin', 'no-referrer', 'same-origin', 'no-referrer', 'no-referrer']);
  });

  it('names our origin, and no address, to the application that gets a form (form_post)', async () => {
    const browser = openBrowser();
    const url = authorizationUrl(server.url, { ...DEMO_WEB, response_mode: 'form_post' });
    const signIn = await browser.follow(await browser.get(url));
    const page = await browser.follow(
      await browser.submit(signIn, '/sign-in', { email: ADA.email, password: ADA.password }),
    );
    expect({ policy: page.headers.get('referrer-policy'), posts: page.html.includes('name="code"') }).toEqual(
      {
        policy: 'strict-origin',
        posts: true,
      },
    );
  });
});
