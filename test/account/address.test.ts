import { randomUUID } from 'node:crypto';
import { type Browser, errorOf, openBrowser, type Page } from '../support/browsers/browser.ts';
import { signIn } from '../support/clients/relying-party.ts';
import { readMails } from '../support/mail/mailbox.ts';
import { aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

let server: TestServer;
let person: TestPerson;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.database.knex('deliveries').delete();
  person = await aPerson(server);
  browser = openBrowser();
});

const address = () => `${server.url}/account/demo/address`;
const open = async () => browser.get(address());
const ask = async (page: Page, email: string) =>
  browser.follow(await browser.submit(page, '/account/demo/address', { email }));

describe('another email address, asked for in the account', () => {
  it('is confirmed by both mails, and the person signs in with it', async () => {
    await signIn(server.url, { browser, person });
    const overview = await browser.get(`${server.url}/account/demo`);
    expect(overview.html).toContain('href="/account/demo/address"');
    const email = `${randomUUID()}@new.example`;
    const waiting = await ask(await open(), email);
    expect(waiting.url).toBe(`${server.url}/recovery/demo/address`);
    const mails = await readMails(server);
    expect(mails.map(({ to }) => to).toSorted()).toEqual([email, person.email].toSorted());
    for (const { code } of mails) await browser.submit(waiting, '/address', { code });
    const { callback } = await signIn(server.url, { person: { email, password: person.password } });
    expect(callback.get('code')).not.toBeNull();
  });

  it('asks for a proof that is not older than five minutes', async () => {
    await withStillTime(async (time) => {
      await signIn(server.url, { browser, person });
      const form = await open();
      time.forward(301);
      expect((await open()).status).toBe(303);
      expect((await browser.submit(form, '/account/demo/address', { email: 'a@new.example' })).status).toBe(
        403,
      );
      expect(await readMails(server)).toEqual([]);
    });
  });

  it('is refused when it is none, or the same', async () => {
    await signIn(server.url, { browser, person });
    const page = await open();
    expect(errorOf(await ask(page, 'a@new.example, b@new.example'))).toBe(
      'That is not an email address. It looks like name@example.com.',
    );
    expect(errorOf(await ask(page, person.email))).toBe('That is your address already.');
    expect(await readMails(server)).toEqual([]);
  });

  it('fills nobody’s mailbox: each mail has to wait longer, also when the change was stopped', async () => {
    await signIn(server.url, { browser, person });
    const page = await open();
    await ask(page, 'victim@new.example');
    expect(errorOf(await ask(page, 'victim@new.example'))).toBe(
      'You asked a moment ago. Look at both mails, or ask again in some minutes.',
    );
    const old = (await readMails(server)).find(({ to }) => to === person.email);
    await browser.submit(await browser.get(old?.link ?? ''), '/address', { decision: 'stop' });
    expect((await ask(page, 'victim@new.example')).status).toBe(400);
    expect(await readMails(server)).toHaveLength(2);
    await server.database.knex.raw("UPDATE one_time_links SET mailed_at = mailed_at - interval '61 seconds'");
    expect((await ask(page, 'victim@new.example')).status).toBe(200);
    await server.database.knex.raw("UPDATE one_time_links SET mailed_at = mailed_at - interval '61 seconds'");
    expect((await ask(page, 'victim@new.example')).status).toBe(400);
  });
});

it('is not offered by a server that sends no mail', async () => {
  const without = await startTestServer({ config: { mail: undefined } });
  const ada = openBrowser();
  await signIn(without.url, { browser: ada });
  expect((await ada.get(`${without.url}/account/demo`)).html).not.toContain('/account/demo/address');
  expect((await ada.get(`${without.url}/account/demo/address`)).status).toBe(404);
  await without.close();
});
