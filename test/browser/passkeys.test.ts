import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium } from '../support/browsers/chromium.ts';
import { addVirtualAuthenticator } from '../support/browsers/virtual-authenticator.ts';
import { visitForEachTest } from '../support/browsers/visits.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import { aPasskey } from '../support/passkeys/passkey-pages.ts';
import { aClient, aPerson, type TestClient, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;
/** It requires a passkey. */
let strict: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  const redirect_uris = [`${application.origin}/callback`];
  client = await aClient(server, { name: 'Payroll', redirect_uris });
  strict = await aClient(server, { name: 'Vault', redirect_uris, passkeys: 'required' });
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

/** Arrives at the application, signed in. */
async function atApplication(): Promise<string> {
  await visit.page.waitForURL(`${application.origin}/callback?**`, { waitUntil: 'commit' });
  return new URL(visit.page.url()).searchParams.get('code') ?? '';
}

async function enterPassword({ email, password }: TestPerson): Promise<void> {
  const { page } = visit;
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** The line of the log about the last sign-in. */
const lastSignIn = () => server.logLines().findLast(({ signIn }) => signIn !== undefined);

describe('a passkey', () => {
  it('signs in by the button', async () => {
    const { page } = visit;
    const person = await aPerson(server);
    const device = await addVirtualAuthenticator(page, { touched: false });
    await device.keep((await aPasskey(server, person)).export());
    await open();
    await device.touch(true);
    await page.getByRole('link', { name: 'Sign in with a passkey' }).click();
    expect(await atApplication()).not.toBe('');
    expect(lastSignIn()).toMatchObject({ signIn: person.id });
  });

  it('is offered in the field for the address', async () => {
    const { page } = visit;
    const person = await aPerson(server);
    const device = await addVirtualAuthenticator(page);
    await device.keep((await aPasskey(server, person)).export());
    // The virtual device chooses what the browser would list in that field.
    await open();
    expect(await atApplication()).not.toBe('');
    expect(lastSignIn()).toMatchObject({ signIn: person.id });
  });

  it('is a second factor after the password', async () => {
    const { page } = visit;
    const person = await aPerson(server);
    const device = await addVirtualAuthenticator(page, { touched: false });
    await device.keep((await aPasskey(server, person)).export());
    await open();
    await enterPassword(person);
    await page.getByRole('heading', { name: 'Confirm with your passkey' }).waitFor();
    expect(await inspect(page, 'passkey-second-factor')).toEqual([]);
    await device.touch(true);
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    expect(await atApplication()).not.toBe('');
  });

  it('is one of two, and either signs in', async () => {
    const { page, context } = visit;
    const person = await aPerson(server);
    const keys = [await aPasskey(server, person), await aPasskey(server, person, { transports: ['usb'] })];
    const devices = [
      await addVirtualAuthenticator(page, { touched: false }),
      await addVirtualAuthenticator(page, { transport: 'usb', touched: false }),
    ];
    for (const [at, device] of devices.entries()) {
      const key = keys[at];
      if (key) await device.keep(key.export());
    }
    for (const [at, device] of devices.entries()) {
      await context.clearCookies();
      await open();
      await enterPassword(person);
      const button = page.getByRole('button', { name: 'Use your passkey' });
      await button.waitFor();
      await device.touch(true);
      await button.click();
      expect(await atApplication()).not.toBe('');
      await device.touch(false);
      const used = await server.database
        .knex('passkeys')
        .where({ person_id: person.id })
        .whereNotNull('last_used_at');
      expect(used).toHaveLength(at + 1);
    }
  });

  it('is added during a sign-in that requires one, and signs in from then on', async () => {
    const { page, context } = visit;
    const person = await aPerson(server);
    const device = await addVirtualAuthenticator(page);
    await open({ client_id: strict.client_id });
    await enterPassword(person);
    await page.getByRole('heading', { name: 'Add a passkey' }).waitFor();
    expect(await inspect(page, 'passkey-set-up')).toEqual([]);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('heading', { name: 'Keep your recovery codes' }).waitFor();
    expect(await device.kept()).toHaveLength(1);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    expect(await atApplication()).not.toBe('');
    expect((await server.services.passkeys.store.list(person.id)).map(({ name }) => name)).toEqual([
      expect.stringMatching(/^Chrom.* on Linux$/),
    ]);

    await context.clearCookies();
    await open({ client_id: strict.client_id });
    expect(await atApplication()).not.toBe('');
    expect(lastSignIn()).toMatchObject({ signIn: person.id });
  });
});

describe('a browser without passkeys', () => {
  it('leads to a page that says what to do', async () => {
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

  it('says why, where it runs no scripts', async () => {
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
