import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { addVirtualAuthenticator } from '../support/browsers/virtual-authenticator.ts';
import { ADA, authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { anApp } from '../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const LONG = `A very long name of a company, and ${'x'.repeat(40)}`;

let server: TestServer;
let chromium: Chromium;
let application: Application;
let payroll: TestClient;
let timesheets: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  const redirect_uris = [`${application.origin}/callback`];
  payroll = await aClient(server, { name: 'Payroll', redirect_uris });
  timesheets = await aClient(server, { name: 'Timesheets', redirect_uris, require_consent: true });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1';

const heading = ({ page }: Visit, name: string) =>
  page.getByRole('heading', { name, level: 1, exact: true }).waitFor();

async function enter({ page }: Visit, { email, password } = ADA): Promise<void> {
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens the account of somebody, by the sign-in page. */
async function openAccount(visit: Visit, person = ADA, instance = 'demo'): Promise<void> {
  await visit.page.goto(`${server.url}/account/${instance}`);
  await enter(visit, person);
  await heading(visit, 'Your account');
}

async function signIn(visit: Visit, { client_id, redirect_uri }: TestClient, person = ADA): Promise<void> {
  await visit.page.goto(authorizationUrl(server.url, { client_id, redirect_uri }));
  const email = visit.page.getByLabel('Email address');
  if ((await email.count()) > 0) await enter(visit, person);
  const allow = visit.page.getByRole('button', { name: 'Allow', exact: true });
  if ((await allow.count()) > 0) await allow.click();
  await visit.page.waitForURL(`${application.origin}/**`);
}

/** A person with several sessions and applications, and the visit in which they look at them. */
async function withSessions(visit: Visit, { javaScriptEnabled = true } = {}): Promise<Visit[]> {
  const person = await aPerson(server, { name: 'Grace Hopper' });
  const phone = await chromium.open({ userAgent: PHONE, javaScriptEnabled });
  const unknown = await chromium.open({ userAgent: 'a program', javaScriptEnabled });
  for (const other of [phone, unknown]) await signIn(other, payroll, person);
  await signIn(visit, timesheets, person);
  await visit.page.goto(`${server.url}/account/demo`);
  await heading(visit, 'Your account');
  return [phone, unknown];
}

/** Opens a form of somebody's account. */
async function change(visit: Visit, path: string, title: string): Promise<void> {
  await openAccount(visit, await aPerson(server));
  await visit.page.goto(`${server.url}/account/demo${path}`);
  await heading(visit, title);
}

async function setUpApp(visit: Visit): Promise<void> {
  const secret = await visit.page.locator('#totp-secret').textContent();
  await visit.page.getByLabel('Code from your app').fill(anApp((secret ?? '').replaceAll(/\s/g, '')).code());
  await visit.page.getByRole('button', { name: 'Set up' }).click();
  await heading(visit, 'Keep your recovery codes');
}

const close = (visits: readonly Visit[]) => Promise.all(visits.map(({ context }) => context.close()));

/** How to reach each page. */
const PAGES: Record<string, (visit: Visit) => Promise<unknown>> = {
  account: async (visit) => close(await withSessions(visit)),
  'account-nothing': async (visit) => openAccount(visit, await aPerson(server)),
  async 'account-long-names'(visit) {
    const instance_id = await anInstance(server, { name: LONG, brand_color: '#ffd400' });
    const person = await aPerson(server, { instance_id, name: LONG });
    const redirect_uris = [`${application.origin}/callback`];
    await signIn(visit, await aClient(server, { instance_id, name: LONG, redirect_uris }), person);
    await visit.page.goto(`${server.url}/account/${instance_id}`);
    await heading(visit, 'Your account');
  },
  async 'account-ended'(visit) {
    const others = await withSessions(visit);
    await visit.page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await visit.page.getByText('All other browsers are signed out.').waitFor();
    await close(others);
  },
  'account-password': (visit) => change(visit, '/password', 'Change your password'),
  'account-app': (visit) => change(visit, '/authenticator-app', 'Set up an authenticator app'),
  async 'account-codes'(visit) {
    await change(visit, '/authenticator-app', 'Set up an authenticator app');
    await setUpApp(visit);
  },
  async 'account-remove-app'(visit) {
    await change(visit, '/authenticator-app', 'Set up an authenticator app');
    await setUpApp(visit);
    await visit.page.getByRole('link', { name: 'I have kept them' }).click();
    await heading(visit, 'Your account');
    await visit.page.getByText('10 left').waitFor();
  },
  'account-passkey': (visit) => change(visit, '/passkeys/add', 'Add a passkey'),
  'account-sign-in': ({ page }) => page.goto(`${server.url}/account/demo`),
  async 'account-cancelled'(visit) {
    await visit.page.goto(`${server.url}/account/demo`);
    await visit.page.getByRole('button', { name: /^Cancel/ }).click();
    await heading(visit, 'You are not signed in');
  },
  'account-nowhere': ({ page }) => page.goto(`${server.url}/account`),
  async 'account-choice'(visit) {
    const instance_id = await anInstance(server, { name: 'Second place' });
    await openAccount(visit);
    await openAccount(visit, await aPerson(server, { instance_id }), instance_id);
    await visit.page.goto(`${server.url}/account`);
    await heading(visit, 'Which account?');
  },
  async 'account-signed-out-meanwhile'(visit) {
    const person = await aPerson(server);
    await close([await chromium.open()]);
    const other = await chromium.open();
    await openAccount(other, person);
    await openAccount(visit, person);
    await server.database.knex('sessions').where({ person_id: person.id }).delete();
    await visit.page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await heading(visit, 'You are not signed in any more');
    await close([other]);
  },
};

describe('every page about one’s own account', () => {
  it.each(Object.entries(PAGES))('(%s) is fit for everybody', async (name, show) => {
    const visit = await chromium.open();
    await show(visit);
    expect(await inspect(visit.page, name)).toEqual([]);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });
});

describe('without JavaScript', () => {
  it('a person signs in, ends a session, an application and all other sessions, and signs out', async () => {
    const visit = await chromium.open({ javaScriptEnabled: false });
    const [phone, unknown] = (await withSessions(visit, { javaScriptEnabled: false })) as [Visit, Visit];
    const { page } = visit;
    await page.getByRole('button', { name: 'Sign out Safari on an iPhone' }).click();
    await page.getByText('That browser is signed out.').waitFor();
    expect(await page.getByText('Safari on an iPhone').count()).toBe(0);
    await page.getByRole('button', { name: 'Remove access of Timesheets' }).click();
    await page.getByText('That application has no access any more.').waitFor();
    expect(await page.getByText('Timesheets').count()).toBe(0);
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByText('All other browsers are signed out.').waitFor();
    for (const other of [phone, unknown]) {
      await other.page.goto(`${server.url}/account/demo`);
      await heading(other, 'Sign in to your account');
    }
    await page.getByRole('link', { name: 'Sign out', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading(visit, 'You are signed out');
    expect([visit, phone, unknown].flatMap(({ problems }) => problems)).toEqual([]);
    await close([visit, phone, unknown]);
  });
});

describe('a passkey', () => {
  it('is added, named and removed, and brings recovery codes', async () => {
    const visit = await chromium.open();
    const { page } = visit;
    await addVirtualAuthenticator(page);
    await openAccount(visit, await aPerson(server));
    await page.getByRole('link', { name: 'Add a passkey' }).click();
    await heading(visit, 'Add a passkey');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await heading(visit, 'Keep your recovery codes');
    await page.getByRole('link', { name: 'I have kept them' }).click();
    await page.getByRole('link', { name: /^Rename/ }).click();
    // From now on, the passkey is the strongest proof.
    await page.waitForURL('**/interaction/**');
    await page
      .getByRole('button', { name: /passkey/i })
      .first()
      .click();
    await heading(visit, 'Name your passkey');
    await page.getByLabel('Name').fill('My laptop');
    await page.getByRole('button', { name: 'Save the name' }).click();
    await page.getByText('The passkey has its new name.').waitFor();
    expect(await inspect(page, 'account-with-passkey')).toEqual([]);
    await page.getByRole('link', { name: 'Remove the passkey My laptop' }).click();
    await heading(visit, 'Remove a passkey?');
    expect(await inspect(page, 'account-remove-passkey')).toEqual([]);
    await page.getByRole('button', { name: 'Remove the passkey' }).click();
    await page.getByText('It is removed.').waitFor();
    expect(await page.getByText('My laptop').count()).toBe(0);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });
});
