import type { Page } from 'playwright-core';
import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { authorizationUrl } from '../support/clients/relying-party.ts';
import { type ReadMail, readMails } from '../support/mail/mailbox.ts';
import { aClient, aPerson, type TestClient, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const NEW = 'seven unlikely lanterns hum';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;
let person: TestPerson;
let visit: Visit;

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
beforeEach(async () => {
  await server.database.knex('deliveries').delete();
  person = await aPerson(server);
});
afterEach(async () => {
  await visit.context.close();
  expect(visit.problems).toEqual([]);
});

const newestMail = async (): Promise<ReadMail> => {
  const [mail] = await readMails(server);
  if (!mail) throw new Error('There is no mail.');
  return mail;
};
/** Opens the newest mail on the page of the demo, and follows its link. */
const openMail = async (page: Page) => {
  await page.goto(`${server.url}/demo/mail`);
  await page.locator('td a').first().click();
  await page.locator('#mail-text a').first().click();
};
const ask = async (page: Page) => {
  await page.goto(
    authorizationUrl(server.url, { client_id: client.client_id, redirect_uri: client.redirect_uri }),
  );
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.getByLabel('Email address').fill(person.email);
};
const choose = async (page: Page) => {
  await page.getByLabel('New password').fill(NEW);
  await page.getByLabel('The same again').fill(NEW);
  await page.locator('button[type=submit]').click();
};
const goesOn = async (page: Page) => {
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Email address').fill(person.email);
  await page.getByLabel('Password').fill(NEW);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(`${application.origin}/callback?code=**`);
};

describe.each([
  ['with script', true],
  ['without script', false],
])('%s, somebody who forgot the password', (_how, javaScriptEnabled) => {
  beforeEach(async () => {
    visit = await chromium.open({ javaScriptEnabled });
  });

  it('sets a new one by the link of a mail, and signs in where they began', async () => {
    const { page } = visit;
    await ask(page);
    await page.getByRole('button', { name: 'Send me a mail' }).click();
    await page.getByRole('heading', { name: 'Look at your mail' }).waitFor();
    await openMail(page);
    await choose(page);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    await goesOn(page);
  });

  it('sets a new one by the code of a mail', async () => {
    const { page } = visit;
    await ask(page);
    await page.getByRole('button', { name: 'Send me a mail' }).click();
    await page.getByLabel('Code').fill((await newestMail()).code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await choose(page);
    await goesOn(page);
  });

  it('confirms another address on both pages', async () => {
    const { page } = visit;
    await page.goto(`${server.url}/recovery/demo`);
    const [cookie] = await visit.context.cookies();
    const change = { personId: person.id, address: `new-${person.email}`, browser: cookie?.value ?? '' };
    await server.services.addressChanges.ask(change, { address: '192.0.2.1', requestId: 'test' });
    const mails = await readMails(server);
    for (const { link } of mails) {
      await page.goto(link);
      await page.getByRole('button', { name: 'Confirm the change' }).click();
    }
    await page.getByRole('heading', { name: 'Your address is changed' }).waitFor();
  });
});

describe('the pages of recovery', () => {
  beforeEach(async () => {
    visit = await chromium.open();
  });

  it('read well in light and dark, wide and narrow, and so does the mail', async () => {
    const { page } = visit;
    const found: string[] = [];
    const look = async (name: string) => {
      found.push(...(await inspect(page, `recovery-${name}`)).map((line) => `${name}: ${line}`));
    };
    await ask(page);
    await look('ask');
    await page.getByRole('button', { name: 'Send me a mail' }).click();
    await page.getByRole('heading', { name: 'Look at your mail' }).waitFor();
    await look('code');
    await page.getByLabel('Code').fill('BBBB-BBBB');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('That is not the code').waitFor();
    await look('wrong-code');
    await page.goto(`${server.url}/demo/mail`);
    await look('mails');
    await page.locator('td a').first().click();
    await look('mail-text');
    const { link } = await newestMail();
    await page.goto(link);
    await look('password');
    await choose(page);
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor();
    await look('done');
    await page.goto(link);
    await look('over');

    await server.database.knex('people').where({ id: person.id }).update({ password_hash: null });
    await server.services.passwordLinks.invite(person.id);
    const invitation = await newestMail();
    await page.goto(invitation.link);
    await look('invitation');
    await server.database
      .knex('one_time_links')
      .update({ expires_at: server.database.knex.raw("now() - interval '1 minute'") });
    await page.reload();
    await look('old-invitation');
    await page.getByRole('button', { name: 'Send me a new link' }).click();
    await page.getByRole('heading', { name: 'A new mail is on its way' }).waitFor();
    await page.goto((await newestMail()).link);
    await choose(page);
    expect(found).toEqual([]);
  }, 240_000);

  it('of another address and of another browser read well, too', async () => {
    const { page } = visit;
    const found: string[] = [];
    await page.goto(`${server.url}/recovery/demo`);
    const [cookie] = await visit.context.cookies();
    const change = { personId: person.id, address: `new-${person.email}`, browser: cookie?.value ?? '' };
    await server.services.addressChanges.ask(change, { address: '192.0.2.1', requestId: 'test' });
    await page.goto(`${server.url}/recovery/demo/address`);
    found.push(...(await inspect(page, 'recovery-address-code')));
    const [old, fresh] = await readMails(server);
    await page.goto(old?.link ?? '');
    found.push(...(await inspect(page, 'recovery-address')));
    await visit.context.clearCookies();
    await page.goto(fresh?.link ?? '');
    found.push(...(await inspect(page, 'recovery-elsewhere')));
    expect(found).toEqual([]);
  });

  it('begin in the account for another address', async () => {
    const { page } = visit;
    await page.goto(`${server.url}/account/demo/address`);
    await page.getByLabel('Email address').fill(person.email);
    await page.getByLabel('Password').fill(person.password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    const field = page.getByLabel('New email address');
    await field.fill('ada');
    await page.getByRole('button', { name: 'Send both mails' }).click();
    await page.getByText('That is not an email address.').waitFor();
    expect(await inspect(page, 'account-address')).toEqual([]);
    await field.fill(`new-${person.email}`);
    await page.getByRole('button', { name: 'Send both mails' }).click();
    await page.getByRole('heading', { name: 'Look at both mails' }).waitFor();
  });

  it('show a mail in HTML that loads nothing, in light and dark', async () => {
    const { page } = visit;
    await ask(page);
    await page.getByRole('button', { name: 'Send me a mail' }).click();
    await page.goto(`${server.url}/demo/mail`);
    await page.locator('td a').first().click();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await page.getByRole('link', { name: 'See it in HTML' }).click();
    await page.getByRole('heading', { name: 'Set a new password' }).waitFor();
    expect(requests.filter((path) => path !== '/favicon.ico')).toEqual([
      expect.stringMatching(/^\/demo\/mail\/\d+\/html$/),
    ]);
    const folder = process.env.SCREENSHOTS;
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        if (folder)
          await page.screenshot({
            path: `${folder}/recovery-mail-html-${colorScheme}-${width}.png`,
            fullPage: true,
          });
        expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
      }
    await page.getByRole('link', { name: 'Set a new password' }).click();
    await page.getByLabel('New password').waitFor();
  });
});
