import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import {
  authorizationUrl,
  exchange,
  signIn,
  type Tokens,
  userinfo,
} from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer, unique } from '../support/servers/test-server.ts';

/** An instance with one person and one application. All people have the same e-mail address. */
interface Tenant {
  instance: string;
  person: TestPerson;
  client: TestClient;
}

const EMAIL = `${unique('same')}@people.example`;

let server: TestServer;
let acme: Tenant;
let globex: Tenant;
beforeAll(async () => {
  server = await startTestServer();
  acme = await aTenant('acme', 'the password at Acme');
  globex = await aTenant('globex', 'the password at Globex');
});
afterAll(() => server.close());

async function aTenant(id: string, password: string): Promise<Tenant> {
  const instance_id = await anInstance(server, { id, name: id });
  return {
    instance: id,
    person: await aPerson(server, { instance_id, email: EMAIL, password }),
    client: await aClient(server, { instance_id, post_logout_redirect_uris: [`https://${id}.example/`] }),
  };
}

async function signedIn({ person, client }: Tenant, browser = openBrowser()): Promise<Tokens> {
  const { client_id, redirect_uri } = client;
  const { callback } = await signIn(server.url, { browser, person, parameters: { client_id, redirect_uri } });
  const { body } = await exchange(server.url, callback.get('code') ?? '', { ...client });
  return body as unknown as Tokens;
}

function authorize(browser: Browser, { client }: Tenant, more: Record<string, string> = {}): Promise<Page> {
  const { client_id, redirect_uri } = client;
  return browser.get(authorizationUrl(server.url, { client_id, redirect_uri, ...more }));
}

/** The person whom an application is told of, without a prompt. */
async function whoIsAt(tenant: Tenant, browser: Browser): Promise<unknown> {
  const page = await authorize(browser, tenant, { prompt: 'none' });
  const answer = new URL(page.location ?? '').searchParams;
  if (answer.has('error')) return answer.get('error');
  const { body } = await exchange(server.url, answer.get('code') ?? '', { ...tenant.client });
  return (await userinfo(server.url, String(body.access_token))).body.sub;
}

async function whoIsAtBoth(browser: Browser): Promise<Record<'acme' | 'globex', unknown>> {
  return { acme: await whoIsAt(acme, browser), globex: await whoIsAt(globex, browser) };
}

const sessionCookies = (browser: Browser) =>
  browser
    .cookies()
    .map(({ name }) => name)
    .filter((name) => name.includes('session'));

describe('a session of one instance', () => {
  it('never answers a request of an application of another', async () => {
    const browser = openBrowser();
    await signedIn(acme, browser);
    expect(await whoIsAtBoth(browser)).toEqual({ acme: acme.person.id, globex: 'login_required' });
    const page = await browser.follow(await authorize(browser, globex));
    expect(page.html).toContain('<span class="brand__name"><bdi>globex</bdi></span>');
    expect(page.html).toContain('name="password"');
    const choosing = await browser.follow(await authorize(browser, globex, { prompt: 'select_account' }));
    expect(choosing.html).toContain('name="password"');
    expect(choosing.html).not.toContain('Grace Hopper');
  });

  it('goes beside one of another in the same browser, each with a cookie of its own', async () => {
    const browser = openBrowser();
    await signedIn(acme, browser);
    await signedIn(globex, browser);
    expect(await whoIsAtBoth(browser)).toEqual({ acme: acme.person.id, globex: globex.person.id });
    expect(sessionCookies(browser).sort()).toEqual([
      'listo_session_acme',
      'listo_session_acme.sig',
      'listo_session_globex',
      'listo_session_globex.sig',
    ]);
  });

  it('ends without the other, whose tokens go on working', async () => {
    const browser = openBrowser();
    const ofAcme = await signedIn(acme, browser);
    const ofGlobex = await signedIn(globex, browser);
    await browser.get(`${server.url}/auth/logout?id_token_hint=${ofAcme.id_token}`);

    expect(await whoIsAtBoth(browser)).toEqual({ acme: 'login_required', globex: globex.person.id });
    expect((await userinfo(server.url, ofAcme.access_token)).status).toBe(401);
    expect((await userinfo(server.url, ofGlobex.access_token)).status).toBe(200);
    expect(sessionCookies(browser)).toEqual(['listo_session_globex', 'listo_session_globex.sig']);
  });

  it('is worth nothing under the name of another', async () => {
    const browser = openBrowser();
    await signedIn(acme, browser);
    const cookie = browser
      .cookies()
      .filter(({ name }) => name.startsWith('listo_session'))
      .map(({ name, value }) => `${name.replace('acme', 'globex')}=${value}`)
      .join('; ');
    expect(await whoIsAt(globex, openBrowser({ headers: { cookie } }))).toBe('login_required');
  });

  it('is not what a hint of another instance signs out of', async () => {
    const browser = openBrowser();
    await signedIn(acme, browser);
    const elsewhere = await signedIn(globex);
    const page = await browser.get(`${server.url}/auth/logout?id_token_hint=${elsewhere.id_token}`);
    expect(page.location).toContain(`${server.url}/auth/logout/success?`);
    expect(await whoIsAt(acme, browser)).toBe(acme.person.id);
  });
});

describe('a person of one instance', () => {
  it('cannot sign in at another, where the same address is somebody else', async () => {
    const browser = openBrowser();
    const page = await browser.follow(await authorize(browser, globex));
    const wrong = await browser.submit(page, '/sign-in', { ...acme.person });
    const right = await browser.submit(page, '/sign-in', { ...globex.person });
    expect({ wrong: wrong.status, right: right.status }).toEqual({ wrong: 401, right: 303 });
  });

  it('is nobody at another: address and password of Acme say nothing at the demo', async () => {
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
    expect((await browser.submit(page, '/sign-in', { ...acme.person })).status).toBe(401);
  });
});

describe('an interaction of one instance', () => {
  it('is not continued with the cookies of another', async () => {
    const atAcme = openBrowser();
    const acmePage = await atAcme.follow(await authorize(atAcme, acme));
    const atGlobex = openBrowser();
    const globexPage = await atGlobex.follow(await authorize(atGlobex, globex));
    const uid = (page: Page) => new URL(page.url).pathname.split('/').at(-1) ?? '';
    const cookie = atGlobex
      .cookies()
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const thief = openBrowser({ headers: { cookie } });
    const looked = await thief.follow(await thief.get(acmePage.url));
    const posted = await thief.follow(await thief.submit(acmePage, '/sign-in', { ...acme.person }));
    expect({ looked: looked.status, posted: posted.status }).toEqual({ looked: 400, posted: 400 });

    // The library resumes by cookie alone. The session that this makes has Acme's name, and belongs to nobody there.
    await thief.submit(globexPage, '/sign-in', { ...globex.person });
    const resumed = await thief.get(`${server.url}/auth/authorize/${uid(acmePage)}`);
    expect(resumed.location).not.toContain(acme.client.client_id);
    expect(await whoIsAt(acme, thief)).toBe('login_required');
  });

  it('takes no person of another by a session that began meanwhile', async () => {
    const browser = openBrowser();
    const page = await browser.follow(await authorize(browser, globex));
    await signedIn(acme, browser);
    const posted = await browser.submit(page, '/sign-in', { ...globex.person });
    const back = await browser.follow(posted, globex.client.redirect_uri);
    expect(back.location).toContain('?code=');
    expect(await whoIsAtBoth(browser)).toEqual({ acme: acme.person.id, globex: globex.person.id });
  });

  it('refuses an ID token of another as a hint at who should sign in', async () => {
    const { id_token } = await signedIn(acme);
    const page = await authorize(openBrowser(), globex, { id_token_hint: id_token });
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('invalid_request');
  });
});

it('shows each instance in its own colour, and nobody else’s', async () => {
  await server.database.knex('instances').where({ id: 'acme' }).update({ brand_color: '#e3002b' });
  server.services.registration.clear();
  const browser = openBrowser();
  const page = await browser.follow(await authorize(browser, acme));
  expect(page.html).toContain('<link rel="stylesheet" href="/assets/theme/acme.css">');
  const sheet = await fetch(`${server.url}/assets/theme/acme.css`);
  expect(sheet.status).toBe(200);
  expect(Object.fromEntries(sheet.headers)).toMatchObject({
    'content-type': 'text/css; charset=utf-8',
    'cache-control': 'public, max-age=300',
  });
  expect(await sheet.text()).toContain('--accent: #e3002b;');
  for (const name of ['nowhere.css', 'acme', 'acme.css.map', '..%2Facme.css']) {
    expect((await fetch(`${server.url}/assets/theme/${name}`)).status).toBe(404);
  }
});
