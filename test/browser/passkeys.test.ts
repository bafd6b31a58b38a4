import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { addVirtualAuthenticator } from '../support/browsers/virtual-authenticator.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
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

async function open(parameters: Record<string, string> = {}): Promise<void> {
  const { client_id, redirect_uri } = client;
  await visit.page.goto(authorizationUrl(server.url, { client_id, redirect_uri, ...parameters }));
}

describe('passkeys', () => {
  it('lead to a page that says what to do, where the device has none', async () => {
    const { page } = visit;
    await addVirtualAuthenticator(page);
    await open();
    expect(await inspect(page, 'passkey-offered')).toEqual([]);
    await page.getByRole('link', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('heading', { name: 'If this device has no passkey of yours' }).waitFor();
    expect(await inspect(page, 'passkey-none')).toEqual([]);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('No passkey was used.').waitFor();
    expect(await inspect(page, 'passkey-none-again')).toEqual([]);
    await page.getByRole('link', { name: 'Sign in with your password' }).click();
    await page.getByLabel('Password').waitFor();
  });

  it('are refused by name of the reason where a browser runs no scripts', async () => {
    const plain = await chromium.open({ javaScriptEnabled: false });
    const { page } = plain;
    const { client_id, redirect_uri } = client;
    await page.goto(authorizationUrl(server.url, { client_id, redirect_uri }));
    await page.getByRole('link', { name: 'Sign in with a passkey' }).click();
    await page.getByText('Your browser cannot use passkeys here.').waitFor();
    expect(await page.getByRole('button', { name: 'Use a passkey' }).isVisible()).toBe(false);
    await plain.context.close();
    expect(plain.problems).toEqual([]);
  });
});
