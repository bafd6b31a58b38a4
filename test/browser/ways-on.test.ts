import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { beginDevice } from '../support/clients/device.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let application: Application;
let chromium: Chromium;
/** An application of an instance with a name in another script and an address for help, and a person there. */
let orbis: TestClient;
let mika: TestPerson;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  const instance_id = await anInstance(server, {
    id: 'orbis',
    name: 'شركة أوربيس',
    brand_color: '#b3261e',
    support_uri: 'mailto:help@orbis.example',
  });
  mika = await aPerson(server, { instance_id, email: 'mika@orbis.example', name: 'Μίκα Παππά' });
  orbis = await aClient(server, {
    instance_id,
    name: 'Ωράριο',
    redirect_uris: [`${application.origin}/callback`],
    client_uri: `${application.origin}/home`,
    initiate_login_uri: `${application.origin}/begin`,
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const visit = visitForEachTest(() => chromium);

const url = (more: Record<string, string> = {}) =>
  authorizationUrl(server.url, { client_id: orbis.client_id, redirect_uri: orbis.redirect_uri, ...more });
const heading = () => visit.page.getByRole('heading', { level: 1 }).textContent();
const brand = () => visit.page.locator('header').textContent();
const press = (name: string) => visit.page.getByRole('button', { name, exact: true }).click();
const helpLink = () => visit.page.getByRole('link', { name: 'Ask for help' }).getAttribute('href');
const seen = async () => ({
  heading: await heading(),
  links: await Promise.all(
    (await visit.page.locator('main .actions a').all()).map(async (link) => [
      (await link.textContent())?.trim(),
      await link.getAttribute('href'),
    ]),
  ),
});
const links = () => [
  ['Sign in again to Ωράριο', `${application.origin}/begin?iss=${encodeURIComponent(server.url)}`],
  ['Go back to Ωράριο', `${application.origin}/home`],
];

async function fillIn(password = mika.password): Promise<void> {
  await visit.page.getByLabel('Email address').fill(mika.email);
  await visit.page.getByLabel('Password').fill(password);
}

/** Signs in, and goes on to the application. */
async function signedIn(): Promise<void> {
  await visit.page.goto(url());
  await fillIn();
  await press('Sign in');
  await visit.page.waitForURL(`${application.origin}/callback?**`);
}

describe('an address that a person types', () => {
  it('is found in capitals and with a slash behind it, and so is a device’s code in wide letters', async () => {
    const { user_code } = await beginDevice(server);
    await visit.page.goto(`${server.url}/Auth/Device/`);
    expect(visit.page.url()).toBe(`${server.url}/auth/device`);
    const wide = user_code.replaceAll(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
    await visit.page.getByLabel('Code on your device').fill(wide.toLowerCase());
    await press('Continue');
    await visit.page.getByText(user_code, { exact: true }).waitFor();
  });

  it('and that leads nowhere keeps the look of the instance, and says what to do', async () => {
    await signedIn();
    await visit.page.goto(`${server.url}/sign-in`);
    expect(await seen()).toEqual({ heading: 'There is nothing here', links: [] });
    expect(await brand()).toContain('شركة أوربيس');
    expect(await helpLink()).toMatch(/^mailto:help@orbis\.example\?subject=Sign-in%20problem%20\(request%20/);
    expect(await inspect(visit.page, 'not-found')).toEqual([]);
  });
});

describe('a person who asks for help', () => {
  it('is led to the address of the instance by the sign-in page', async () => {
    await visit.page.goto(url());
    expect(await helpLink()).toBe('mailto:help@orbis.example');
    expect(await inspect(visit.page, 'sign-in-help')).toEqual([]);
  });
});

describe('signing out', () => {
  it('ends on a page with the look of the instance, and leads to the application', async () => {
    await signedIn();
    await visit.page.goto(`${server.url}/auth/logout?client_id=${orbis.client_id}`);
    await press('Stay signed in');
    expect(await seen()).toEqual({ heading: 'You are still signed in', links: links().slice(1) });
    await visit.page.goto(`${server.url}/auth/logout?client_id=${orbis.client_id}`);
    await press('Sign out');
    expect(await seen()).toEqual({ heading: 'You are signed out', links: links().reverse() });
    expect(await visit.page.locator('.button--primary').textContent()).toBe('Go back to Ωράριο');
    expect(await brand()).toContain('شركة أوربيس');
    expect(await inspect(visit.page, 'signed-out')).toEqual([]);
    await visit.page.getByRole('link', { name: 'Sign in again to' }).click();
    await visit.page.waitForURL(`${application.origin}/begin?iss=**`);
  });

  it('is offered where the application gave a wrong address for the return', async () => {
    await signedIn();
    const query = { client_id: orbis.client_id, post_logout_redirect_uri: 'https://wrong.example/' };
    await visit.page.goto(`${server.url}/auth/logout?${new URLSearchParams(query)}`);
    expect(await heading()).toBe('Sign out?');
    expect(await inspect(visit.page, 'wrong-return')).toEqual([]);
    await press('Sign out');
    expect(await seen()).toEqual({ heading: 'You are signed out', links: links().reverse() });
    expect(await visit.page.locator('.button--primary').textContent()).toBe('Go back to Ωράριο');
    await visit.page.goto(`${server.url}/auth/logout?${new URLSearchParams(query)}`);
    expect(await seen()).toEqual({ heading: 'You are not signed in', links: links().reverse() });
    expect(await inspect(visit.page, 'wrong-return-nobody')).toEqual([]);
  });

  it('is offered where the request of the application is wrong altogether', async () => {
    await signedIn();
    await visit.page.goto(`${server.url}/auth/logout?client_id=unknown`);
    expect(await seen()).toEqual({
      heading: 'Signing out did not work',
      links: [['Sign out here', '/auth/logout']],
    });
    expect(await inspect(visit.page, 'wrong-sign-out')).toEqual([]);
    await visit.page.getByRole('link', { name: 'Sign out here' }).click();
    await press('Sign out');
    expect(await heading()).toBe('You are signed out');
  });
});

describe('a wrong request of an application', () => {
  it('leads back to it', async () => {
    await visit.page.goto(url({ redirect_uri: 'https://wrong.example/' }));
    expect(await seen()).toEqual({ heading: 'You cannot go on from here', links: links() });
    expect(await inspect(visit.page, 'wrong-request')).toEqual([]);
  });
});

describe('the answer of a form', () => {
  it('is the form again where a person opens its address once more', async () => {
    await visit.page.goto(url());
    await fillIn('wrong');
    await press('Sign in');
    await visit.page.getByRole('alert').waitFor();
    await visit.page.goto(visit.page.url());
    await fillIn();
    await press('Sign in');
    await visit.page.waitForURL(`${application.origin}/callback?**`);
  });
});
