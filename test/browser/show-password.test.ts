import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { ADA, authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  client = await aClient(server, { name: 'Payroll', redirect_uris: [`${application.origin}/callback`] });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const visit = visitForEachTest(() => chromium);
const address = () => {
  const { client_id, redirect_uri } = client;
  return authorizationUrl(server.url, { client_id, redirect_uri });
};

describe('a password field', () => {
  it('shows what was typed, hides it again, and is hidden when the form is sent', async () => {
    const { page } = visit;
    await page.goto(address());
    const field = page.getByLabel('Password');
    const show = page.getByRole('button', { name: 'Show password' });
    await field.fill('wrong');
    const state = async () => [await field.getAttribute('type'), await show.getAttribute('aria-pressed')];
    expect(await state()).toEqual(['password', 'false']);
    await show.click();
    expect(await state()).toEqual(['text', 'true']);
    expect(await inspect(page, 'password-shown')).toEqual([]);
    await page.keyboard.press('Space');
    expect(await state()).toEqual(['password', 'false']);

    await show.click();
    await page.evaluate(
      'document.forms[0].addEventListener("submit", () => { window.name = password.type; })',
    );
    await page.getByLabel('Email address').fill(ADA.email);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('That email address and password do not match.').waitFor();
    expect(await page.evaluate('window.name')).toBe('password');
    expect(await state()).toEqual(['password', 'false']);
    await field.fill(ADA.password);
    await show.click();
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(/\/callback\?code=/);
  });

  it('has no such button where a browser runs no scripts', async () => {
    const plain = await chromium.open({ javaScriptEnabled: false });
    await plain.page.goto(address());
    await plain.page.getByLabel('Password').waitFor();
    expect(await plain.page.getByRole('button', { name: 'Show password' }).count()).toBe(0);
    await plain.context.close();
    expect(plain.problems).toEqual([]);
  });
});
