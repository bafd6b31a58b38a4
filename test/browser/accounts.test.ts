import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { ADA, authorizationUrl, postForm } from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let payroll: TestClient;
/** An application, an instance and people whose names are in Arabic. */
let arabic: TestClient;
let aisha: TestPerson;
let omar: TestPerson;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  const redirect_uris = [`${application.origin}/callback`];
  payroll = await aClient(server, { name: 'Payroll', redirect_uris });
  const instance_id = await anInstance(server, { name: 'شركة النور' });
  arabic = await aClient(server, { instance_id, name: 'كشف الرواتب', redirect_uris, require_consent: true });
  aisha = await aPerson(server, { instance_id, name: 'عائشة بنت أحمد' });
  omar = await aPerson(server, { instance_id, name: 'عمر الفاروق' });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const visit = visitForEachTest(() => chromium);

const ask = ({ client_id, redirect_uri }: TestClient, more: Record<string, string> = {}) =>
  visit.page.goto(authorizationUrl(server.url, { client_id, redirect_uri, state: 'kept', ...more }));
const press = (name: string | RegExp) => visit.page.getByRole('button', { name, exact: true }).click();
const follow = (name: string) => visit.page.getByRole('link', { name, exact: true }).click();
const heading = (name: string) => visit.page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
const address = () => visit.page.getByLabel('Email address').inputValue();

async function enter({ email, password }: { email?: string; password: string }): Promise<void> {
  if (email !== undefined) await visit.page.getByLabel('Email address').fill(email);
  await visit.page.getByLabel('Password').fill(password);
  await press('Sign in');
}

/** The parameters that the application got. */
async function answer(): Promise<Record<string, string>> {
  await visit.page.waitForURL(`${application.origin}/callback?**`);
  return Object.fromEntries(new URL(visit.page.url()).searchParams);
}
const CODE = { code: expect.any(String), state: 'kept', iss: expect.any(String) };

async function signIn(client: TestClient, person: { email: string; password: string }): Promise<void> {
  await ask(client);
  await enter(person);
}

describe('choosing an account', () => {
  it('breaks the name of the application only where it is longer than a line', async () => {
    const redirect_uris = [`${application.origin}/callback`];
    const lines = async (name: string) => {
      await ask(await aClient(server, { name, redirect_uris }), { prompt: 'select_account' });
      await heading('Choose an account');
      const width = await visit.page.evaluate<number>('document.documentElement.scrollWidth');
      const count = await visit.page.evaluate<number>(
        `(() => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector('.lead bdi'));
          return new Set([...range.getClientRects()].map(({ top }) => top)).size;
        })()`,
      );
      return { width, count };
    };
    await signIn(payroll, ADA);
    await answer();
    await visit.page.setViewportSize({ width: 1280, height: 800 });
    expect(await lines('Demo single-page application')).toEqual({ width: 1280, count: 1 });
    await visit.page.setViewportSize({ width: 360, height: 740 });
    expect(await lines('Demo single-page application')).toEqual({ width: 360, count: 1 });
    const long = await lines(`An-application-of-a-firm-${'x'.repeat(40)}`);
    expect(long).toEqual({ width: 360, count: expect.any(Number) });
    expect(long.count).toBeGreaterThan(2);
    expect(await inspect(visit.page, 'accounts-long-name')).toEqual([]);
  });

  it('takes one click to go on, and another one to sign in as somebody else', async () => {
    await signIn(payroll, ADA);
    await answer();
    await ask(payroll, { prompt: 'select_account' });
    await heading('Choose an account');
    await press(/^Continue as Ada Lovelace/);
    expect(await answer()).toEqual(CODE);

    await ask(payroll, { prompt: 'select_account' });
    await follow('Use another account');
    await heading('Sign in to Payroll');
    expect(await address()).toBe('');
    await visit.page.locator('#email:focus').waitFor();
    await follow('Back');
    await heading('Choose an account');
    await follow('Use another account');
    const { email, password } = await aPerson(server, { name: 'Grace Hopper' });
    await enter({ email, password });
    expect(await answer()).toEqual(CODE);
    await ask(payroll, { prompt: 'select_account' });
    await press(/^Continue as Grace Hopper/);
    expect(await answer()).toEqual(CODE);
  });

  it('works with the keyboard alone, and goes on after a second click', async () => {
    await signIn(payroll, ADA);
    await answer();
    await ask(payroll, { prompt: 'select_account' });
    await heading('Choose an account');
    await visit.page.keyboard.press('Tab');
    await visit.page.locator('button.choice:focus-visible').waitFor();
    await visit.page.keyboard.press('Enter');
    expect(await answer()).toEqual(CODE);

    await ask(payroll, { prompt: 'select_account' });
    await visit.page.getByRole('button', { name: /^Continue as/ }).dblclick();
    expect(await answer()).toEqual(CODE);
  });

  it('shows names in another script', async () => {
    await signIn(arabic, aisha);
    await press('Allow');
    await answer();
    await ask(arabic, { prompt: 'select_account' });
    await press(/^Continue as عائشة بنت أحمد/);
    expect(await answer()).toEqual(CODE);
  });
});

describe('somebody who is signed in and asked again', () => {
  it('finds the address, and waits at the password', async () => {
    await signIn(payroll, ADA);
    await answer();
    for (const more of [{ prompt: 'login' }, { max_age: '0' }] as Record<string, string>[]) {
      await ask(payroll, more);
      await visit.page.getByText('You are signed in as Ada Lovelace.').waitFor();
      expect(await address()).toBe(ADA.email);
      await visit.page.locator('#password:focus').waitFor();
      await enter({ password: ADA.password });
      expect(await answer()).toEqual(CODE);
    }
  });

  it('may change the address', async () => {
    await signIn(payroll, ADA);
    await answer();
    await ask(payroll, { prompt: 'login' });
    const { email, password } = await aPerson(server, { name: 'Grace Hopper' });
    await enter({ email, password });
    expect(await answer()).toEqual(CODE);
  });
});

describe('somebody who is not the one who is signed in', () => {
  it('signs in from the consent page, and is asked there', async () => {
    await ask(arabic, { prompt: 'consent' });
    await enter(aisha);
    await visit.page.getByText('عائشة بنت أحمد').waitFor();
    await follow('Not you?');
    expect(await address()).toBe('');
    await visit.page.getByText('When somebody else signs in, عائشة بنت أحمد is signed out.').waitFor();
    await enter(omar);
    await visit.page.getByText('عمر الفاروق').waitFor();
    expect(await visit.page.getByText('عائشة بنت أحمد').count()).toBe(0);
    await press('Allow');
    expect(await answer()).toEqual(CODE);
  });

  it('signs in from the page of a device’s code', async () => {
    const { client_id } = await aClient(server, {
      ...{ name: 'Television', type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] },
    });
    await signIn(payroll, ADA);
    await answer();
    const fields = { client_id, scope: 'openid' };
    const { body } = await postForm(`${server.url}/auth/device_authorization`, fields);
    await visit.page.goto(String(body.verification_uri_complete));
    await visit.page.getByText('Ada Lovelace').waitFor();
    await press('Not you?');
    await heading('Sign in to Television');
    expect(await address()).toBe('');
    const { email, password } = await aPerson(server);
    await enter({ email, password });
    await heading('You are signed in');
  });
});
