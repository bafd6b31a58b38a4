import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { anApp, withApp } from '../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let chromium: Chromium;
let application: Application;
let payroll: TestClient;
let vault: TestClient;
let instance_id: string;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  instance_id = await anInstance(server, { name: 'Acme', brand_color: '#1f5fbf' });
  const own = { instance_id, redirect_uris: [`${application.origin}/callback`] };
  payroll = await aClient(server, { ...own, name: 'Payroll' });
  vault = await aClient(server, { ...own, name: 'Vault', second_factor: 'required' });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

/** Everything here works without script. */
let visit: Visit;
let person: TestPerson;
beforeEach(async () => {
  visit = await chromium.open({ javaScriptEnabled: false });
  person = await aPerson(server, { instance_id, name: 'Grace Hopper' });
});
afterEach(async () => {
  await visit.context.close();
  expect(visit.problems).toEqual([]);
});

const heading = (name: string) => visit.page.getByRole('heading', { level: 1, name }).waitFor();
const press = (name: string) => visit.page.getByRole('button', { name, exact: true }).click();

async function goTo({ client_id, redirect_uri }: TestClient, more: Record<string, string> = {}) {
  await visit.page.goto(authorizationUrl(server.url, { client_id, redirect_uri, ...more }));
}

async function enterPassword(): Promise<void> {
  await visit.page.getByLabel('Email address').fill(person.email);
  await visit.page.getByLabel('Password').fill(person.password);
  await press('Sign in');
}

async function enter(label: string, code: string): Promise<void> {
  await visit.page.getByLabel(label).fill(code);
  await visit.page.getByRole('button', { name: /^(Continue|Set up)$/ }).click();
}

async function arrives(): Promise<void> {
  await visit.page.waitForURL(`${application.origin}/callback?code=*`, { waitUntil: 'commit' });
}

/** axe needs script, so it looks at the same page in a browser that has it. */
async function looksRight(name: string): Promise<void> {
  const html = await visit.page.content();
  const withScript = await chromium.open();
  const { page } = withScript;
  await page.route(visit.page.url(), (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(visit.page.url());
  expect(await inspect(page, name)).toEqual([]);
  await withScript.context.close();
}

it('a code from an authenticator app, then a step-up that asks for nothing else', async () => {
  const { app } = await withApp(server, person.id);
  await goTo(payroll);
  await enterPassword();
  await heading('Enter the code from your app');
  await looksRight('second-factor');
  await enter('Code from your app', '000000');
  await visit.page.getByRole('alert').waitFor();
  await looksRight('second-factor-wrong');
  await enter('Code from your app', app.code());
  await arrives();
  await goTo(vault);
  await arrives();
});

it('a recovery code instead', async () => {
  const [code = ''] = (await withApp(server, person.id)).recoveryCodes;
  await goTo(payroll);
  await enterPassword();
  await visit.page.getByRole('link', { name: 'Use a recovery code' }).click();
  await heading('Use a recovery code');
  await looksRight('recovery-code');
  await enter('Recovery code', code.toLowerCase());
  await arrives();
});

it('setting an app up where an application requires it, for somebody who is signed in already', async () => {
  await goTo(payroll);
  await enterPassword();
  await arrives();

  await goTo(vault);
  await heading('Set up a second step');
  await looksRight('set-up-factor');
  const secret = (await visit.page.locator('#totp-secret').textContent())?.replaceAll(' ', '') ?? '';
  // The picture says the same as the text.
  expect(await visit.page.locator('#open-app').getAttribute('href')).toBe(
    `otpauth://totp/Acme:${encodeURIComponent(person.email)}?secret=${secret}&issuer=Acme`,
  );
  await enter('Code from your app', anApp(secret).code());
  await heading('Keep your recovery codes');
  await looksRight('recovery-codes');

  const [download] = await Promise.all([
    visit.page.waitForEvent('download'),
    visit.page.getByRole('link', { name: 'Save as a text file' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('recovery-codes.txt');
  await press('I have kept them');
  await arrives();
});
