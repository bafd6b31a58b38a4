import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const password = 'a perfectly good password';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  client = await aClient(server, { name: '給与明細', redirect_uris: [`${application.origin}/callback`] });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const visit = visitForEachTest(() => chromium);

const signInUrl = () =>
  authorizationUrl(server.url, { client_id: client.client_id, redirect_uri: client.redirect_uri });

async function fillIn(email: string, secret = password): Promise<void> {
  await visit.page.getByLabel('Email address').fill(email);
  await visit.page.getByLabel('Password').fill(secret);
  await visit.page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('an e-mail address that is not plain ASCII', () => {
  it.each([
    ['grete@bücher.example', 'grete@xn--bcher-kva.example'],
    ['hans@xn--bcher-kva.example', 'hans@bücher.example'],
    ['josé@demo.example', 'Jose\u0301@demo.example'],
    ['高橋@日本語.example', '高橋@日本語.example'],
  ])('%s signs in as %s', async (email, typed) => {
    await aPerson(server, { email });
    await visit.page.goto(signInUrl());
    await fillIn(typed);
    await visit.page.waitForURL(`${application.origin}/callback?code=**`);
  });

  it('is shown again as it was typed', async () => {
    const { page } = visit;
    await page.goto(signInUrl());
    await fillIn('josé@日本語.example', 'wrong');
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Email address').inputValue()).toBe('josé@日本語.example');
    expect(await inspect(page, 'sign-in-address')).toEqual([]);
  });
});
