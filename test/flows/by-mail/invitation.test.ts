import { type Browser, errorOf, messageOf, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { signIn } from '../../support/clients/relying-party.ts';
import { type ReadMail, readMails } from '../../support/mail/mailbox.ts';
import { aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const NEW = 'seven unlikely lanterns hum';
const OVER =
  'It was used already, a newer mail replaced it, or the invitation is over. If you have no password yet, ask whoever invited you for a new mail.';

let server: TestServer;
let person: TestPerson;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  const { knex } = server.database;
  await knex('deliveries').delete();
  person = await aPerson(server);
  await knex('people').where({ id: person.id }).update({ password_hash: null, email_verified: false });
});

const invite = () => server.services.passwordLinks.invite(person.id);
const newestMail = async (): Promise<ReadMail> => {
  const [mail] = await readMails(server);
  if (!mail) throw new Error('There is no mail.');
  return mail;
};
const choose = (browser: Browser, page: Page, password = NEW) =>
  browser.submit(page, '/invitation', { password, again: password });
const grows = (older: string) =>
  server.database.knex.raw(
    `UPDATE one_time_links SET expires_at = expires_at - interval '${older}', kept_until = kept_until - interval '${older}'`,
  );
const rowOf = () => server.database.knex('people').where({ id: person.id }).first();

describe('an invitation', () => {
  it('lets a person choose the first password, in any browser, with a button', async () => {
    expect(await invite()).toBe('invited');
    const { to, subject, link } = await newestMail();
    expect({ to, subject }).toEqual({ to: person.email, subject: 'Your account at Demo Company' });
    const browser = openBrowser();
    for (let n = 0; n < 3; n += 1) expect((await openBrowser().get(link)).status).toBe(200);
    const refused = await choose(browser, await browser.get(link), 'short');
    expect(errorOf(refused)).toBe('The password has 5 characters; it needs 8 or more.');
    const done = await browser.follow(await choose(browser, refused));
    expect(messageOf(done)).toBe('Go back to the application, and sign in there with it.');
    expect((await rowOf()).email_verified).toBe(true);
    const { callback } = await signIn(server.url, { person: { email: person.email, password: NEW } });
    expect(callback.get('code')).not.toBeNull();
    expect(messageOf(await browser.get(link))).toBe(OVER);
  });

  it('has a link for 30 minutes, whose page sends a new one to the same address for seven days', async () => {
    await invite();
    const { link } = await newestMail();
    await grows('31 minutes');
    const browser = openBrowser();
    const old = await browser.get(link);
    expect({ status: old.status, message: messageOf(old) }).toEqual({
      status: 400,
      message:
        'The links of an invitation work for 30 minutes. You can have a new one, sent to the same address.',
    });
    await grows('6 days');
    const sent = await browser.submit(await browser.get(link), '/invitation/again');
    expect(messageOf(sent)).toBe(
      'Open the link in it within 30 minutes. The one that you used does not work any more.',
    );
    const mails = await readMails(server);
    expect(mails.map(({ to }) => to)).toEqual([person.email, person.email]);
    expect(messageOf(await browser.submit(old, '/invitation/again'))).toBe(OVER);
    expect(await readMails(server)).toHaveLength(2);
    const { link: second } = await newestMail();
    await grows('1 day');
    expect(messageOf(await browser.get(second))).toBe(OVER);
  });

  it('is replaced by a newer one', async () => {
    await invite();
    const { link } = await newestMail();
    await invite();
    expect(messageOf(await openBrowser().get(link))).toBe(OVER);
    expect((await openBrowser().get((await newestMail()).link)).status).toBe(200);
  });

  it.each([
    ['has a password by then', { password: true }],
    ['is disabled by then', { disabled_at: new Date() }],
    ['has another address by then', { email: 'elsewhere@demo.example' }],
  ])('is over for a person who %s', async (_what, { password, ...change }: Record<string, unknown>) => {
    await invite();
    const browser = openBrowser();
    const form = await browser.get((await newestMail()).link);
    const { knex } = server.database;
    const ada = await knex('people').where({ email: 'ada@demo.example' }).first('password_hash');
    await knex('people')
      .where({ id: person.id })
      .update(password ? ada : change);
    const before = await rowOf();
    expect((await choose(browser, form)).status).toBe(400);
    expect((await rowOf()).password_hash).toBe(before.password_hash);
    await knex('people').where({ id: person.id }).delete();
  });

  it('is not said to be on its way where no mail can go', async () => {
    await server.database
      .knex('people')
      .where({ id: person.id })
      .update({ email: `"${person.id}"@demo.example` });
    expect(await invite()).toBe('unknown');
    expect(await server.database.knex('deliveries').where({ kind: 'mail' })).toEqual([]);
  });

  it('goes to nobody who has a password, is disabled, or is unknown', async () => {
    const { knex } = server.database;
    expect(await server.services.passwordLinks.invite('nobody')).toBe('unknown');
    await knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    expect(await invite()).toBe('unknown');
    expect(await server.services.passwordLinks.invite('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f')).toBe(
      'has_password',
    );
    expect(await readMails(server)).toEqual([]);
  });
});
