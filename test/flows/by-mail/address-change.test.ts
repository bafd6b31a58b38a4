import { randomUUID } from 'node:crypto';
import { hashId } from '../../../src/platform/secrets/digest.ts';
import { type Browser, errorOf, messageOf, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { readMails } from '../../support/mail/mailbox.ts';
import { aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const OVER =
  'It was used, is older than 30 minutes, was replaced or stopped, or was tried too often. If you still want another address, ask for it again in your account.';
const ORIGIN = { address: '192.0.2.1', requestId: 'test' };

let server: TestServer;
let person: TestPerson;
let address: string;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.database.knex('deliveries').delete();
  person = await aPerson(server);
  address = `${randomUUID()}@new.example`;
  browser = openBrowser();
});

/** Asks as a person who is signed in does, in `browser`. */
async function ask(wanted = address) {
  await browser.get(`${server.url}/recovery/demo`);
  const cookie = browser.cookies().find(({ name }) => name === 'listo_asking')?.value ?? '';
  expect(hashId(cookie)).toHaveLength(32);
  return server.services.addressChanges.ask(
    { personId: person.id, address: wanted, browser: cookie },
    ORIGIN,
  );
}
const mailTo = async (wanted: string) => {
  const mail = (await readMails(server)).find(({ to }) => to === wanted);
  if (!mail) throw new Error(`There is no mail to ${wanted}.`);
  return mail;
};
const press = async (by: Browser, page: Page, decision: string) =>
  by.follow(await by.submit(page, '/address', { decision }));
const addressNow = async () =>
  (await server.database.knex('people').where({ id: person.id }).first('email')).email;
const waiting = () => browser.get(`${server.url}/recovery/demo/address`);

describe('a change of address', () => {
  it('happens when both addresses confirmed it by their links, and the one from before is told', async () => {
    expect(await ask()).toBe('asked');
    const first = await browser.get((await mailTo(address)).link);
    expect(first.html).not.toContain('id="stop"');
    expect((await press(browser, first, 'confirm')).html).toContain('Look at both mails');
    expect(await addressNow()).toBe(person.email);
    const second = await press(browser, await browser.get((await mailTo(person.email)).link), 'confirm');
    expect(messageOf(second)).toBe('You sign in with the new one from now on.');
    expect(await addressNow()).toBe(address);
    const [told] = await readMails(server);
    expect(told).toMatchObject({
      to: person.email,
      subject: 'Your email address at Demo Company was changed',
    });
    expect(messageOf(await press(browser, first, 'confirm'))).toBe(OVER);
  });

  it('happens by their codes, typed where the person asked', async () => {
    await ask();
    const page = await waiting();
    const wrong = await browser.submit(page, '/address', { code: 'BBBB-BBBB' });
    expect({ status: wrong.status, error: errorOf(wrong) }).toEqual({
      status: 401,
      error: 'That is the code of neither mail.',
    });
    for (const to of [person.email, address])
      await browser.submit(page, '/address', { code: (await mailTo(to)).code });
    expect(await addressNow()).toBe(address);
  });

  it('does not happen by one code, however often', async () => {
    await ask();
    const page = await waiting();
    const { code } = await mailTo(address);
    for (let n = 0; n < 3; n += 1) await browser.submit(page, '/address', { code });
    expect(await addressNow()).toBe(person.email);
  });

  it('is stopped by the address from before, in any browser', async () => {
    await ask();
    const { link } = await mailTo(address);
    await press(browser, await browser.get(link), 'confirm');
    const other = openBrowser();
    const page = await other.get((await mailTo(person.email)).link);
    expect(page.html).not.toContain('id="confirm"');
    expect((await press(other, page, 'confirm')).html).toContain('Go on where you asked');
    expect((await press(other, page, 'stop')).html).toContain('The change is stopped');
    expect(messageOf(await browser.get(link))).toBe(OVER);
    expect(messageOf(await waiting())).toBe(OVER);
    expect(await addressNow()).toBe(person.email);
  });

  it('is not stopped by the new address, nor confirmed in a browser that did not ask', async () => {
    await ask();
    const { link } = await mailTo(address);
    expect((await openBrowser().get(link)).status).toBe(403);
    await press(browser, await browser.get(link), 'stop');
    await press(browser, await browser.get((await mailTo(person.email)).link), 'confirm');
    expect(await addressNow()).toBe(address);
  });

  it('to an address of another person looks alike until both have confirmed it; the database refuses it', async () => {
    const other = await aPerson(server);
    expect(await ask(other.email.toUpperCase())).toBe('asked');
    for (const to of [other.email.toUpperCase(), person.email]) {
      const page = await press(browser, await browser.get((await mailTo(to)).link), 'confirm');
      if (to === person.email) expect(page.html).toContain('Another account has the new address.');
    }
    expect(await addressNow()).toBe(person.email);
  });

  it('is over when the password was changed since, or a newer one was asked for', async () => {
    await ask();
    const { link } = await mailTo(address);
    const [{ password_hash }] = await server.database.knex('people').where({ email: 'ada@demo.example' });
    await server.database.knex('people').where({ id: person.id }).update({ password_hash });
    await press(browser, await browser.get(link), 'confirm');
    const last = await press(browser, await browser.get((await mailTo(person.email)).link), 'confirm');
    expect(messageOf(last)).toBe(OVER);
    expect(await addressNow()).toBe(person.email);
    await ask(`${randomUUID()}@newer.example`);
    expect(messageOf(await browser.get(link))).toBe(OVER);
  });

  it.each([
    ['', 'Enter an email address.'],
    ['ada', 'That is not an email address. It looks like name@example.com.'],
    [
      'ada@new.example\r\nBcc: eve@evil.example',
      'That is not an email address. It looks like name@example.com.',
    ],
    ['ada@new.example\u2028', 'That is not an email address. It looks like name@example.com.'],
  ])('to %j is refused', async (wanted, mistake) => {
    expect(await ask(wanted)).toEqual({ mistake });
    expect(await readMails(server)).toEqual([]);
  });
});
