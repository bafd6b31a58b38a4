import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import { authorizationUrl, exchange, refresh, signIn } from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const NEW = 'a quite different new passphrase';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const titleOf = ({ html }: Page) => /<h1>([^<]*)/.exec(html)?.[1];
const errorOf = ({ html }: Page) => /Error: <\/span>([^<]*)/.exec(html)?.[1];
const noticeOf = ({ html }: Page) => /role="status">[\s\S]*?<p>([^<]*)/.exec(html)?.[1];
const address = (path = '') => `${server.url}/account/demo${path}`;
const openForm = async (browser: Browser) => browser.follow(await browser.get(address('/password')));

async function signedIn(person: TestPerson, browser = openBrowser()): Promise<Browser> {
  await signIn(server.url, { browser, person });
  return browser;
}

const choose = async (browser: Browser, page: Page, password = NEW, again = password) =>
  browser.submit(page, '/password', { password, again });

const signsIn = async ({ email }: TestPerson, password: string) => {
  const browser = openBrowser();
  const form = await browser.follow(await browser.get(authorizationUrl(server.url)));
  return (await browser.submit(form, '/sign-in', { email, password })).status === 303;
};

describe('changing the password', () => {
  it('needs no more than the sign-in of the last five minutes, and signs the person out everywhere', async () => {
    const person = await aPerson(server);
    const client = await aClient(server);
    const { client_id, client_secret, redirect_uri } = client;
    const other = openBrowser();
    const parameters = { client_id, redirect_uri };
    const { callback } = await signIn(server.url, { browser: other, person, parameters });
    const { body } = await exchange(server.url, callback.get('code') ?? '', { ...client });
    const browser = await signedIn(person);

    const form = await openForm(browser);
    expect({ status: form.status, title: titleOf(form) }).toEqual({
      status: 200,
      title: 'Change your password',
    });
    const page = await choose(browser, form);
    expect({ status: page.status, title: titleOf(page) }).toEqual({
      status: 200,
      title: 'Your password is changed',
    });
    expect(await signsIn(person, NEW)).toBe(true);
    expect(await signsIn(person, person.password)).toBe(false);
    for (const one of [browser, other]) expect((await one.get(address())).status).toBe(303);
    const { status } = await refresh(server.url, String(body.refresh_token), { client_id, client_secret });
    expect(status).toBe(400);
    const mails = await server.database.knex('deliveries').where({ kind: 'mail' }).pluck('payload');
    expect(mails.filter(({ template }) => template === 'password_changed').length).toBe(1);
  });

  it('asks for a proof that is not older than five minutes, and comes back to the form', async () => {
    await withStillTime(async (time) => {
      const person = await aPerson(server);
      const browser = await signedIn(person);
      time.forward(299);
      expect((await browser.get(address('/password'))).status).toBe(200);
      time.forward(1);
      const first = await browser.get(address('/password'));
      expect(first.location).toContain('/auth/authorize?client_id=listo-account.demo&sealed_request=');
      const again = await browser.follow(first);
      expect(again.html).toContain('Enter your password again to confirm that it is you.');
      const { email, password } = person;
      const form = await browser.follow(await browser.submit(again, '/sign-in', { email, password }));
      expect({ url: form.url, title: titleOf(form) }).toEqual({
        url: address('/password?confirmed=yes'),
        title: 'Change your password',
      });
      expect(titleOf(await choose(browser, form))).toBe('Your password is changed');
    });
  });

  it('asks for the proof at the form’s end as well, and changes nothing before', async () => {
    await withStillTime(async (time) => {
      const person = await aPerson(server);
      const browser = await signedIn(person);
      const form = await openForm(browser);
      time.forward(300);
      const page = await choose(browser, form);
      expect({ status: page.status, title: titleOf(page) }).toEqual({
        status: 403,
        title: 'Confirm that it is you',
      });
      expect(page.html).toContain('href="/account/demo/password"');
      expect(await signsIn(person, person.password)).toBe(true);
    });
  });

  it('does not lead round and round a browser that comes back without a proof', async () => {
    await withStillTime(async (time) => {
      const browser = await signedIn(await aPerson(server));
      time.forward(300);
      const page = await browser.get(address('/password?confirmed=yes'));
      expect({ status: page.status, title: titleOf(page) }).toEqual({
        status: 403,
        title: 'Confirm that it is you',
      });
    });
  });

  it('leads back to the account of somebody who does not want to prove it', async () => {
    await withStillTime(async (time) => {
      const browser = await signedIn(await aPerson(server));
      time.forward(300);
      const again = await browser.follow(await browser.get(address('/password')));
      const page = await browser.follow(await browser.submit(again, '/abort'));
      expect({ title: titleOf(page), notice: noticeOf(page) }).toEqual({
        title: 'Your account',
        notice: 'You did not confirm that it is you, so nothing was changed.',
      });
    });
  });

  it.each([
    ['', '', 'Enter a password.'],
    [NEW, `${NEW}!`, 'The two passwords are not the same.'],
    ['short', 'short', expect.stringContaining('8')],
    ['Grace Hopper', 'Grace Hopper', expect.any(String)],
  ])('is refused by the one rule for passwords (%s)', async (password, again, error) => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const page = await choose(browser, await openForm(browser), password, again);
    expect({ status: page.status, error: errorOf(page) }).toEqual({ status: 400, error });
    expect(page.html).not.toContain(`value="${password || 'nothing'}"`);
    expect((await browser.get(address())).status).toBe(200);
  });

  it('happens once, of several forms of one session', async () => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const form = await openForm(browser);
    const words = Array.from({ length: 5 }, (_, n) => `a quite different passphrase ${n}`);
    const pages = await Promise.all(words.map((password) => choose(browser, form, password)));
    const titles = pages.map(titleOf).sort();
    expect(titles).toEqual([...Array(4).fill('You are not signed in any more'), 'Your password is changed']);
    const works = await Promise.all(words.map((password) => signsIn(person, password)));
    expect(works).toEqual(pages.map((page) => titleOf(page) === 'Your password is changed'));
  });

  it('is for nobody else: not without this session’s token, not after another person signed in', async () => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const form = await openForm(browser);
    expect((await browser.post(address('/password'), { password: NEW, again: NEW })).status).toBe(403);
    const next = await aPerson(server);
    await signIn(server.url, { browser, person: next, parameters: { prompt: 'login' } });
    expect(titleOf(await choose(browser, form))).toBe('This form is out of date');
    expect({ one: await signsIn(person, person.password), next: await signsIn(next, next.password) }).toEqual(
      { one: true, next: true },
    );
  });
});
