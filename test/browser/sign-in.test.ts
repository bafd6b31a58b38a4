import type { Page } from 'playwright-core';
import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA, authorizationUrl } from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { startUpstreamIdp, type UpstreamIdp } from '../support/upstream/upstream-idp.ts';

/** The end of a pop-up sign-in: the application's page hands its answer to the window that opened it, and closes. */
const REPORTS = `<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,">
<script>window.opener.postMessage(location.search, location.origin); window.close();</script></html>`;

let server: TestServer;
let idp: UpstreamIdp;
let application: Application;
let chromium: Chromium;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication({ pages: { '/pop-up-end': { type: 'text/html', body: REPORTS } } });
  idp = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
  client = await aClient(server, {
    name: 'Payroll',
    redirect_uris: [`${application.origin}/callback`],
    post_logout_redirect_uris: [`${application.origin}/signed-out`],
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await idp.close();
  await server.close();
});

let visit: Visit;
beforeEach(async () => {
  visit = await chromium.open();
});
afterEach(async () => {
  await visit.context.close();
  expect(visit.problems).toEqual([]);
});

function urlFor({ client_id, redirect_uri }: TestClient, more: Record<string, string> = {}): string {
  return authorizationUrl(server.url, { client_id, redirect_uri, ...more });
}

async function fillIn({ email, password }: { email: string; password: string }): Promise<void> {
  await visit.page.getByLabel('Email address').fill(email);
  await visit.page.getByLabel('Password').fill(password);
  await visit.page.getByRole('button', { name: 'Sign in' }).click();
}

/** Goes to the application's sign-in, and signs in. */
async function signIn(
  to: TestClient,
  person: { email: string; password: string } = ADA,
): Promise<URLSearchParams> {
  await visit.page.goto(urlFor(to));
  await fillIn(person);
  return atApplication();
}

async function atApplication(path = '/callback'): Promise<URLSearchParams> {
  const there = (url: URL) => url.origin === application.origin && url.pathname === path;
  while (!there(new URL(visit.page.url()))) {
    await visit.page.waitForURL(there, { waitUntil: 'commit' }).catch((error: Error) => {
      // A navigation that replaces another one ends the wait. The last one counts.
      if (!error.message.includes('ERR_ABORTED')) throw error;
    });
  }
  await visit.page.waitForLoadState();
  return new URL(visit.page.url()).searchParams;
}

const heading = () => visit.page.getByRole('heading', { level: 1 }).textContent();
const button = (name: string) => visit.page.getByRole('button', { name, exact: true });

describe('signing in', () => {
  it('leads to the application, and is not asked twice', async () => {
    expect((await signIn(client)).get('code')).toEqual(expect.any(String));
    await visit.page.goto(urlFor(client));
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });

  it('says that a password is wrong, keeps the address, and waits at the password', async () => {
    await visit.page.goto(urlFor(client));
    await fillIn({ ...ADA, password: 'wrong' });
    const { page } = visit;
    expect(await page.getByRole('alert').textContent()).toContain(
      'That email address and password do not match.',
    );
    expect(await page.getByLabel('Email address').inputValue()).toBe(ADA.email);
    await page.locator('#password:focus').waitFor();
    await page.keyboard.type(ADA.password);
    await page.keyboard.press('Enter');
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });

  it('works with the keyboard alone', async () => {
    const { page } = visit;
    await page.goto(urlFor(client));
    const focused = async () =>
      (await page.locator('*:focus').getAttribute('name')) ?? (await page.locator('*:focus').textContent());
    await page.locator('#email:focus').waitFor();
    await page.keyboard.type(ADA.email);
    const press = async (key: string, times: number) => {
      for (let n = 1; n <= times; n += 1) await page.keyboard.press(key);
    };
    const stops = [];
    for (let n = 1; n <= 6; n += 1) {
      await press('Tab', 1);
      stops.push((await focused())?.trim());
    }
    expect(stops).toEqual([
      'password',
      'Show password',
      'Sign in',
      'Sign in with a passkey',
      'Forgot your password?',
      'Cancel and go back to Payroll',
    ]);
    await press('Shift+Tab', 5);
    await page.keyboard.type(ADA.password);
    await press('Tab', 2);
    await press('Space', 1);
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });

  it('works without JavaScript', async () => {
    await visit.context.close();
    visit = await chromium.open({ javaScriptEnabled: false });
    const consenting = await aClient(server, {
      redirect_uris: [`${application.origin}/callback`],
      require_consent: true,
    });
    await visit.page.goto(urlFor(consenting));
    await fillIn(ADA);
    await button('Allow').click();
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
    await visit.page.goto(`${server.url}/auth/logout`);
    await button('Sign out').click();
    expect(await heading()).toBe('You are signed out');
  });

  it('can be called off', async () => {
    await visit.page.goto(urlFor(client, { state: 'kept' }));
    await button('Cancel and go back to Payroll').click();
    expect(Object.fromEntries(await atApplication())).toMatchObject({
      error: 'access_denied',
      state: 'kept',
    });
  });

  it('goes on where the application’s callback leads to another host of its own', async () => {
    const moving = await aClient(server, { redirect_uris: [`${application.origin}/moved`] });
    await visit.page.goto(urlFor(moving));
    await fillIn(ADA);
    await visit.page.waitForURL('http://localhost:*/home');
  });

  it('hands over to an installed application by its own scheme', async () => {
    const redirect_uri = 'com.example.app:/callback';
    const native = await aClient(server, {
      application_type: 'native',
      answer_silently: true,
      redirect_uris: [redirect_uri],
    });
    await visit.page.goto(urlFor(native));
    // No such application is installed. The browser reports where it would have gone.
    const handedOver = visit.page.waitForEvent('requestfailed', (request) =>
      request.url().startsWith(redirect_uri),
    );
    await fillIn(ADA);
    expect(new URL((await handedOver).url()).searchParams.get('code')).toEqual(expect.any(String));
    visit.problems.length = 0;
  });

  it('twice with one form, as an impatient person does, still leads to the application', async () => {
    await visit.page.goto(urlFor(client));
    await visit.page.getByLabel('Email address').fill(ADA.email);
    await visit.page.getByLabel('Password').fill(ADA.password);
    await button('Sign in').dblclick();
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
    visit.problems.length = 0;
  });
});

describe('signing in through a customer’s own provider', () => {
  it('leads there and back, and to the application', async () => {
    await server.database.knex.transaction(async (trx) => {
      await trx('instances').insert({ id: 'acme', name: 'Acme', authentication: 'oidc' });
      await trx('upstream_providers').insert({
        instance_id: 'acme',
        issuer: idp.issuer,
        client_id: 'listo-public',
        first_sign_in: 'create',
      });
    });
    const upstream = await aClient(server, {
      instance_id: 'acme',
      redirect_uris: [`${application.origin}/callback`],
      require_consent: true,
    });
    idp.person = { sub: 'wile', claims: { name: 'Wile E. Coyote' } };
    idp.asks = true;
    await visit.page.goto(urlFor(upstream));
    await visit.page.getByRole('button', { name: 'Continue as wile' }).click();
    expect(await visit.page.getByText('Wile E. Coyote').count()).toBe(1);
    await button('Allow').click();
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });
});

describe('consent', () => {
  it('is asked, may be refused, and is remembered when given', async () => {
    const consenting = await aClient(server, {
      name: 'Timesheets',
      redirect_uris: [`${application.origin}/callback`],
      require_consent: true,
    });
    await visit.page.goto(urlFor(consenting));
    await fillIn(ADA);
    expect(await heading()).toBe('Share with Timesheets?');
    await button('Don’t allow').click();
    expect((await atApplication()).get('error')).toBe('access_denied');

    await visit.page.goto(urlFor(consenting));
    await button('Allow').click();
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
    await visit.page.goto(urlFor(consenting));
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });
});

describe('signing out', () => {
  it('asks, and leads back to the application', async () => {
    await signIn(client);
    const parameters = new URLSearchParams({
      client_id: client.client_id,
      post_logout_redirect_uri: `${application.origin}/signed-out`,
      state: 'kept',
    });
    await visit.page.goto(`${server.url}/auth/logout?${parameters}`);
    expect(await heading()).toBe('Sign out?');
    await button('Sign out').click();
    expect((await atApplication('/signed-out')).get('state')).toBe('kept');
    await visit.page.goto(urlFor(client, { prompt: 'none' }));
    expect((await atApplication()).get('error')).toBe('login_required');
  });

  it('of one of two instances leaves the other', async () => {
    const [instance_id, person, other] = await anotherInstance();
    await signIn(client);
    await signIn(other, person);
    await visit.page.goto(`${server.url}/auth/logout`);
    expect(await heading()).toBe('Where do you want to sign out?');
    await visit.page.getByRole('link', { name: `The ${instance_id}` }).click();
    await button('Sign out').click();
    expect(await heading()).toBe('You are signed out');

    await visit.page.goto(urlFor(other, { prompt: 'none' }));
    expect((await atApplication()).get('error')).toBe('login_required');
    await visit.page.goto(urlFor(client, { prompt: 'none' }));
    expect((await atApplication()).get('code')).toEqual(expect.any(String));
  });

  async function anotherInstance(): Promise<[string, TestPerson, TestClient]> {
    const instance_id = await anInstance(server);
    const person = await aPerson(server, { instance_id, email: ADA.email });
    const other = await aClient(server, {
      instance_id,
      redirect_uris: [`${application.origin}/callback`],
    });
    return [instance_id, person, other];
  }
});

describe('the window that opened a pop-up', () => {
  /** Opens `address` in a pop-up. `window.heard` is the answer that the pop-up hands over. */
  async function openPopup(address: string): Promise<Page> {
    await visit.page.goto(`${application.origin}/opener`);
    const popup = visit.page.waitForEvent('popup');
    await visit.page.evaluate(`
      window.heard = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data)));
      window.popup = window.open(${JSON.stringify(address)});
      0`);
    return popup;
  }

  it('gets the answer of a sign-in, past a wrong password and consent', async () => {
    const redirect_uris = [`${application.origin}/pop-up-end`];
    const consenting = await aClient(server, { redirect_uris, require_consent: true });
    const page = await openPopup(urlFor(consenting, { state: 'kept' }));
    for (const password of ['wrong', ADA.password]) {
      await page.getByLabel('Email address').fill(ADA.email);
      await page.getByLabel('Password').fill(password);
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const answer = new URLSearchParams(await visit.page.evaluate<string>('window.heard'));
    expect(Object.fromEntries(answer)).toEqual({
      code: expect.any(String),
      state: 'kept',
      iss: server.url,
    });
  });

  it('hears when an application’s sign-out has ended', async () => {
    const leaving = await aClient(server, {
      redirect_uris: [`${application.origin}/callback`],
      post_logout_redirect_uris: [`${application.origin}/pop-up-end`],
    });
    await signIn(leaving);
    const parameters = new URLSearchParams({
      client_id: leaving.client_id,
      post_logout_redirect_uri: `${application.origin}/pop-up-end`,
      state: 'gone',
    });
    const page = await openPopup(`${server.url}/auth/logout?${parameters}`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    expect(await visit.page.evaluate('window.heard')).toBe('?state=gone');
  });

  it('loses it where nothing goes on: at the page of somebody who is signed out', async () => {
    await signIn(client);
    const page = await openPopup(`${server.url}/auth/logout`);
    expect(await page.evaluate('window.opener !== null')).toBe(true);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await page.evaluate('window.opener')).toBeNull();
    await visit.page.waitForFunction('window.popup.closed');
  });

  it('never has one that shows the pages for a device', async () => {
    const page = await openPopup(`${server.url}/auth/device`);
    await page.getByRole('heading', { name: 'Sign in on your device' }).waitFor();
    expect(await page.evaluate('window.opener')).toBeNull();
    await visit.page.waitForFunction('window.popup.closed');
  });
});
