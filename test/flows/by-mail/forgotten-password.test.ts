import { randomUUID } from 'node:crypto';
import {
  type Browser,
  buttonsOf,
  errorOf,
  messageOf,
  openBrowser,
  type Page,
} from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  DEMO_WEB,
  exchange,
  refresh,
  signIn,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import { type ReadMail, readMails } from '../../support/mail/mailbox.ts';
import { anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const NEW = 'seven unlikely lanterns hum';
const CLIENT = DEMO_WEB.redirect_uri;

let server: TestServer;
let person: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1', FAILURES_PER_MINUTE: '20' } });
});
afterAll(() => server.close());
beforeEach(async () => {
  const { knex } = server.database;
  for (const table of ['deliveries', 'one_time_links', 'link_requests', 'guesses'])
    await knex(table).delete();
  person = await aPerson(server);
});

let visitors = 0;
/** A browser with its own address. */
function visitor(): Browser {
  visitors += 1;
  return openBrowser({ headers: { 'x-forwarded-for': `192.0.2.${visitors}` } });
}

const openSignIn = async (browser: Browser) =>
  browser.follow(await browser.get(authorizationUrl(server.url)), CLIENT);
const hrefOf = ({ html, url }: Page, id: string) => {
  const [, href = ''] = new RegExp(`id="${id}"[^>]* href="([^"]*)"`).exec(html) ?? [];
  return new URL(href.replaceAll('&amp;', '&'), url).href;
};
/** Asks for a mail, beginning at the sign-in page of an application. */
async function ask(browser: Browser, email: string): Promise<Page> {
  const page = await browser.get(hrefOf(await openSignIn(browser), 'forgot'));
  return browser.follow(await browser.submit(page, '/recovery/demo', { email }));
}
const newestMail = async (): Promise<ReadMail> => {
  const [mail] = await readMails(server);
  if (!mail) throw new Error('There is no mail.');
  return mail;
};
const choose = (browser: Browser, page: Page, password = NEW) =>
  browser.submit(page, '/password', { password, again: password });
const signsIn = async (password: string) => {
  const browser = visitor();
  const page = await openSignIn(browser);
  return (await browser.submit(page, '/sign-in', { email: person.email, password })).status === 303;
};
const later = (minutes: number) =>
  server.database.knex.raw(
    `UPDATE one_time_links SET mailed_at = mailed_at - make_interval(mins => :minutes), expires_at = expires_at - make_interval(mins => :minutes);
     UPDATE link_requests SET expires_at = expires_at - make_interval(mins => :minutes)`.replaceAll(
      ':minutes',
      String(minutes),
    ),
  );

describe('somebody who forgot the password', () => {
  it('sets a new one by the link, and signs in where they began', async () => {
    const browser = visitor();
    const waiting = await ask(browser, person.email.toUpperCase());
    expect(waiting.html).toContain(`a mail is on its way there`);
    const { to, subject, link } = await newestMail();
    expect({ to, subject }).toEqual({ to: person.email, subject: 'Set a new password for Demo Company' });
    const form = await browser.get(link);
    expect(messageOf(form)).toBeUndefined();
    expect(form.html).toContain(person.email);
    const done = await browser.follow(await choose(browser, form));
    expect(messageOf(done)).toBe('You can sign in with it now.');
    const [mail] = await readMails(server);
    expect(mail).toMatchObject({ to: person.email, subject: 'Your password for Demo Company was changed' });
    const signIn = await browser.follow(await browser.get(hrefOf(done, 'go-on')));
    const answer = await browser.submit(signIn, '/sign-in', { email: person.email, password: NEW });
    expect((await browser.follow(answer, CLIENT)).location).toContain(`${CLIENT}?code=`);
    expect(await signsIn(person.password)).toBe(false);
  });

  it('sets a new one by the code, typed where they asked, in any letters', async () => {
    const browser = visitor();
    const waiting = await ask(browser, person.email);
    const { code } = await newestMail();
    const form = await browser.follow(
      await browser.submit(waiting, '/code', { code: code.toLowerCase().replace('-', ' ') }),
    );
    expect(messageOf(await browser.follow(await choose(browser, form)))).toBe('You can sign in with it now.');
    expect(await signsIn(NEW)).toBe(true);
  });

  it('is signed out everywhere by it, and nobody is signed in', async () => {
    const { callback } = await signIn(server.url, { person, browser: visitor() });
    const { body: tokens } = await exchange(server.url, callback.get('code') ?? '');
    const browser = visitor();
    await ask(browser, person.email);
    await choose(browser, await browser.get((await newestMail()).link));
    expect(statusAndError(await refresh(server.url, String(tokens.refresh_token)))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(browser.cookies().map(({ name }) => name)).not.toContain('listo_session_demo');
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)), CLIENT);
    expect(page.html).toContain('name="password"');
  });

  it('may try again after a password that the rule refuses, or two that differ', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    const form = await browser.get((await newestMail()).link);
    const short = await choose(browser, form, 'short');
    expect({ status: short.status, error: errorOf(short) }).toEqual({
      status: 400,
      error: 'The password has 5 characters; it needs 8 or more.',
    });
    const differing = await browser.submit(short, '/password', { password: NEW, again: 'another' });
    expect(errorOf(differing)).toBe('The two passwords are not the same.');
    const own = await choose(browser, differing, `${person.email}!!`);
    expect(own.status).toBe(400);
    expect((await choose(browser, own)).status).toBe(303);
  });
});

describe('a link by mail', () => {
  it('is used by no GET, as programs that scan mail open it, too', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    const { link } = await newestMail();
    for (let n = 0; n < 3; n += 1) expect((await openBrowser().get(link)).status).toBe(403);
    for (let n = 0; n < 3; n += 1) expect((await browser.get(link)).status).toBe(200);
    expect((await choose(browser, await browser.get(link))).status).toBe(303);
  });

  it('works once', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    const { link } = await newestMail();
    const form = await browser.get(link);
    await choose(browser, form);
    const again = await choose(browser, form, 'another four lantern words');
    expect({ status: again.status, message: messageOf(again) }).toEqual({
      status: 400,
      message: 'It was used, is older than 30 minutes, was replaced by a newer mail, or was tried too often.',
    });
    expect(buttonsOf(again)).toEqual(['Ask for a new mail: /recovery/demo']);
    expect((await browser.get(link)).status).toBe(400);
    expect(await signsIn(NEW)).toBe(true);
  });

  it('works for 30 minutes', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    const { link } = await newestMail();
    await later(29);
    expect((await browser.get(link)).status).toBe(200);
    await later(2);
    expect((await browser.get(link)).status).toBe(400);
  });

  it('works in no other browser, and neither does its form', async () => {
    const [browser, thief] = [visitor(), visitor()];
    await ask(browser, person.email);
    const { link } = await newestMail();
    const elsewhere = await thief.get(link);
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.html).toContain('Go on where you asked');
    expect(elsewhere.html).not.toContain(person.email);
    const token = new URL(link).searchParams.get('link') ?? '';
    await ask(thief, `${randomUUID()}@demo.example`);
    const waiting = await thief.get(`${server.url}/recovery/demo/code`);
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(waiting.html) ?? [];
    const posted = await thief.post(`${server.url}/recovery/demo/password`, {
      csrf,
      link: token,
      password: NEW,
      again: NEW,
    });
    expect(posted.status).toBe(403);
    expect(await signsIn(NEW)).toBe(false);
  });

  it('is replaced by the link of a newer mail', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    const first = await newestMail();
    await later(2);
    await ask(browser, person.email);
    const second = await newestMail();
    expect(second.link).not.toBe(first.link);
    expect((await browser.get(first.link)).status).toBe(400);
    expect((await browser.get(second.link)).status).toBe(200);
  });

  it('works no more when the password was changed meanwhile, or the person disabled, or has another address', async () => {
    const { knex } = server.database;
    for (const change of [
      { password_hash: (await knex('people').where({ email: 'ada@demo.example' }).first()).password_hash },
      { disabled_at: new Date() },
      { email: `${randomUUID()}@demo.example` },
    ]) {
      const other = await aPerson(server);
      const browser = visitor();
      await ask(browser, other.email);
      const form = await browser.get((await newestMail()).link);
      await knex('people').where({ id: other.id }).update(change);
      expect((await choose(browser, form)).status).toBe(400);
      const { password_hash } = await knex('people').where({ id: other.id }).first();
      await choose(browser, form);
      expect((await knex('people').where({ id: other.id }).first()).password_hash).toBe(password_hash);
    }
  });

  it('of another instance is none here', async () => {
    const other = await anInstance(server);
    const browser = visitor();
    await ask(browser, person.email);
    const { link } = await newestMail();
    const there = await browser.get(link.replace('/recovery/demo/', `/recovery/${other}/`));
    expect(there.status).toBe(400);
  });
});

describe('the code of a mail', () => {
  it('may be wrong five times in a browser', async () => {
    const browser = visitor();
    const waiting = await ask(browser, person.email);
    const { code } = await newestMail();
    for (let n = 0; n < 5; n += 1) {
      const page = await browser.submit(waiting, '/code', { code: 'BBBB-BBBB' });
      expect({ status: page.status, error: errorOf(page) }).toEqual({
        status: 401,
        error: 'That is not the code of the newest mail.',
      });
    }
    expect((await browser.submit(waiting, '/code', { code })).status).toBe(400);
  });

  it('is worth nothing in a browser that did not ask', async () => {
    await ask(visitor(), person.email);
    const { code } = await newestMail();
    const thief = visitor();
    const waiting = await ask(thief, `${randomUUID()}@demo.example`);
    expect((await thief.submit(waiting, '/code', { code })).status).toBe(401);
    expect((await thief.get(`${server.url}/recovery/demo/password`)).status).toBe(400);
  });

  it('is no way to the form before it is typed', async () => {
    const browser = visitor();
    await ask(browser, person.email);
    expect((await browser.get(`${server.url}/recovery/demo/password`)).status).toBe(400);
  });
});

describe('an address that nobody signs in with', () => {
  const anonymous = ({ html, headers, status }: Page, email: string) => ({
    status,
    html: html
      .replaceAll(email, 'EMAIL')
      .replaceAll(/name="csrf" value="[^"]*"/g, 'CSRF')
      .replaceAll(/<code>[\da-f-]{36}<\/code>/g, 'REQUEST')
      .replaceAll(/interaction(=|\/)[\w-]+/g, 'INTERACTION'),
    headers: [...headers]
      .filter(([name]) => name !== 'date' && name !== 'x-request-id')
      .map(([name, value]) => [
        name,
        name === 'content-length' ? '' : value.replaceAll(/=[\w-]{43}/g, '=COOKIE'),
      ]),
  });

  it('gets every answer that another gets', async () => {
    const disabled = await aPerson(server, { disabled_at: new Date() });
    const nobody = `${randomUUID()}@demo.example`;
    const noPassword = await aPerson(server);
    await server.database.knex('people').where({ id: noPassword.id }).update({ password_hash: null });
    const seen = [];
    for (const email of [person.email, nobody, disabled.email, noPassword.email]) {
      const browser = visitor();
      const page = await browser.get(hrefOf(await openSignIn(browser), 'forgot'));
      const asked = await browser.submit(page, '/recovery/demo', { email });
      const waiting = await browser.follow(asked);
      const wrong = [];
      for (let n = 0; n < 6; n += 1)
        wrong.push(await browser.submit(waiting, '/code', { code: 'BBBB-BBBB' }));
      const again = await browser.follow(await browser.submit(page, '/recovery/demo', { email }));
      seen.push([asked, waiting, ...wrong, again].map((answer) => anonymous(answer, email)));
    }
    const [known, ...others] = seen;
    for (const other of others) expect(other).toEqual(known);
    const mails = await readMails(server);
    expect(mails.map(({ to }) => to)).toEqual([person.email]);
    const rows = await server.database.knex('deliveries').where({ kind: 'mail' });
    expect(rows).toHaveLength(4);
  });

  it.each([
    '',
    'ada',
    'ada@demo.example\r\nBcc: eve@evil.example',
    'ada@demo.example, eve@evil.example',
    'Ada <ada@demo.example>',
    `${'a'.repeat(300)}@demo.example`,
  ])('is refused when it is none: %j', async (email) => {
    const browser = visitor();
    const page = await browser.get(`${server.url}/recovery/demo`);
    expect((await browser.submit(page, '/recovery/demo', { email })).status).toBe(400);
    expect(await server.database.knex('deliveries').where({ kind: 'mail' })).toEqual([]);
  });
});

describe('a stranger', () => {
  it('cannot fill a mailbox, and shuts nobody out by trying', async () => {
    const owner = visitor();
    for (let n = 0; n < 30; n += 1) await ask(visitor(), person.email);
    expect(await readMails(server)).toHaveLength(1);
    // The owner asks in vain for another mail, and uses the one that the stranger caused.
    const waiting = await ask(owner, person.email);
    const { link, code } = await newestMail();
    expect(await readMails(server)).toHaveLength(1);
    expect((await owner.get(link)).status).toBe(200);
    const form = await owner.follow(await owner.submit(waiting, '/code', { code }));
    expect((await choose(owner, form)).status).toBe(303);
  });

  it('causes fewer mails the longer it lasts, and one always works', async () => {
    const owner = visitor();
    await ask(owner, person.email);
    for (let minute = 0; minute < 60; minute += 1) {
      await later(1);
      await ask(visitor(), person.email);
      if (minute % 10 === 0) await ask(owner, person.email);
      expect((await owner.get((await newestMail()).link)).status).toBe(200);
    }
    expect((await readMails(server)).length).toBeLessThanOrEqual(7);
  }, 120_000);

  it('may ask about so many accounts a minute from an address', async () => {
    const browser = visitor();
    const page = await browser.get(`${server.url}/recovery/demo`);
    const statuses = [];
    for (let n = 0; n < 22; n += 1)
      statuses.push((await browser.submit(page, '/recovery/demo', { email: `${n}@demo.example` })).status);
    expect(statuses).toEqual([...Array(20).fill(303), 429, 429]);
    expect((await ask(visitor(), person.email)).status).toBe(200);
  });

  it('may ask from so many browsers a minute at an address', async () => {
    const statuses = [];
    for (let n = 0; n < 22; n += 1) {
      const browser = openBrowser({ headers: { 'x-forwarded-for': '198.51.100.7' } });
      const page = await browser.get(`${server.url}/recovery/demo`);
      statuses.push((await browser.submit(page, '/recovery/demo', { email: person.email })).status);
    }
    expect(statuses).toEqual([...Array(20).fill(303), 429, 429]);
  });

  it('cannot send the forms of these pages from elsewhere', async () => {
    const browser = visitor();
    const page = await browser.get(`${server.url}/recovery/demo`);
    const foreign = await browser.post(page.url, { email: person.email }, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const withoutToken = await browser.post(page.url, { email: person.email });
    expect(withoutToken.status).toBe(403);
    const withoutCookie = await openBrowser().submit(page, '/recovery/demo', { email: person.email });
    expect(withoutCookie.status).toBe(400);
  });
});

it('is offered only where the server sends mail and people sign in with passwords', async () => {
  const without = await startTestServer({ config: { mail: undefined } });
  const browser = openBrowser();
  const page = await browser.follow(await browser.get(authorizationUrl(without.url)), CLIENT);
  expect(page.html).not.toContain('Forgot your password?');
  expect((await browser.get(`${without.url}/recovery/demo`)).status).toBe(404);
  await without.close();
  expect((await browser.get(`${server.url}/recovery/nowhere`)).status).toBe(404);
});
