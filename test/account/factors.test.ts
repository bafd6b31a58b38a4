import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import { signIn } from '../support/clients/relying-party.ts';
import { anInstance, aPerson, type TestPerson } from '../support/registrations/factories.ts';
import {
  anApp,
  enterCode,
  recoveryCodesOn,
  secretOn,
  withApp,
} from '../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const titleOf = ({ html }: Page) => /<h1>([^<]*)/.exec(html)?.[1];
const errorOf = ({ html }: Page) => /Error: <\/span>([^<]*)/.exec(html)?.[1];
const noticeOf = ({ html }: Page) => /role="status">[\s\S]*?<p>([^<]*)/.exec(html)?.[1];
const address = (path = '') => `${server.url}/account/demo${path}`;
const open = async (browser: Browser, path = '') => browser.follow(await browser.get(address(path)));
const send = async (browser: Browser, page: Page, path: string, fields: Record<string, string> = {}) =>
  browser.follow(await browser.submit(page, path, fields));

async function signedIn(person: TestPerson, browser = openBrowser()): Promise<Browser> {
  await signIn(server.url, { browser, person });
  return browser;
}

/** Signs somebody in who has an app, at the account. */
async function signedInWithCode(person: TestPerson, code: string): Promise<Browser> {
  const browser = openBrowser();
  const form = await open(browser);
  const { email, password } = person;
  await enterCode(browser, await send(browser, form, '/sign-in', { email, password }), { code });
  return browser;
}

describe('an authenticator app', () => {
  it('counts from its first right code, and brings recovery codes', async () => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const page = await open(browser, '/authenticator-app');
    expect(titleOf(page)).toBe('Set up an authenticator app');
    const app = anApp(secretOn(page));
    const wrong = await send(browser, page, '/authenticator-app', { code: '000000' });
    expect({ status: wrong.status, error: errorOf(wrong), secret: secretOn(wrong) }).toEqual({
      status: 400,
      error: 'That code is wrong. Enter the one that your app shows now for this account.',
      secret: app.secret,
    });
    const codes = await send(browser, wrong, '/authenticator-app', { code: app.code() });
    expect({ title: titleOf(codes), number: recoveryCodesOn(codes).length }).toEqual({
      title: 'Keep your recovery codes',
      number: 10,
    });
    const overview = await open(browser);
    expect(overview.html).toContain('10 left');
    expect(overview.html).not.toContain('id="add-app"');
    expect(await server.database.knex('totp_factors').where({ person_id: person.id })).toHaveLength(1);
    const again = await send(browser, page, '/authenticator-app', { code: app.code() });
    expect(titleOf(again)).toBe('Confirm that it is you');
  });

  it('is not added by the page of another session', async () => {
    const person = await aPerson(server);
    const [one, other] = [await signedIn(person), await signedIn(person)];
    const page = await open(one, '/authenticator-app');
    const [, secret = ''] = /name="secret" value="([^"]*)"/.exec(page.html) ?? [];
    const theirs = await open(other, '/authenticator-app');
    const code = anApp(secretOn(page)).code();
    const after = await send(other, theirs, '/authenticator-app', { secret, code });
    expect(errorOf(after)).toBe('The page was open for too long. Here is a new picture: please scan it.');
    expect(await server.database.knex('totp_factors').where({ person_id: person.id })).toEqual([]);
  });

  it('is removed, with the recovery codes, after a question', async () => {
    const person = await aPerson(server);
    const { app } = await withApp(server, person.id);
    const browser = await signedInWithCode(person, app.code());
    const question = await open(browser, '/authenticator-app/remove');
    expect(titleOf(question)).toBe('Remove your authenticator app?');
    const page = await send(browser, question, '/authenticator-app/remove');
    expect({ title: titleOf(page), notice: noticeOf(page) }).toEqual({
      title: 'Your account',
      notice: 'It is removed.',
    });
    for (const table of ['totp_factors', 'recovery_codes'])
      expect(await server.database.knex(table).where({ person_id: person.id })).toEqual([]);
    expect(titleOf(await open(browser, '/authenticator-app/remove'))).toBe('Your account');
    const events = await server.database
      .knex('audit_events')
      .where({ person_id: person.id, event: 'factor.removed' })
      .pluck('way');
    expect(events).toEqual(['request']);
  });

  it('is the proof for every change where the instance does not ask for it, too', async () => {
    const instance_id = await anInstance(server, { second_factor: 'off' });
    const person = await aPerson(server, { instance_id });
    await withApp(server, person.id);
    const browser = openBrowser();
    const there = `${server.url}/account/${instance_id}`;
    const { email, password } = person;
    const home = await send(browser, await browser.follow(await browser.get(there)), '/sign-in', {
      email,
      password,
    });
    expect(titleOf(home)).toBe('Your account');
    for (const path of ['/password', '/authenticator-app/remove', '/passkeys/add'])
      expect(titleOf(await browser.follow(await browser.get(`${there}${path}`)))).toBe(
        'Enter the code from your app',
      );
  });

  it('is the proof for every change, five minutes later: the password does not do', async () => {
    await withStillTime(async (time) => {
      const person = await aPerson(server);
      const { app } = await withApp(server, person.id);
      const browser = await signedInWithCode(person, app.code());
      time.forward(300);
      for (const path of ['/password', '/authenticator-app/remove', '/recovery-codes', '/passkeys/add']) {
        const asked = await open(browser, path);
        expect(titleOf(asked)).not.toBe('Your account');
        expect(asked.url).toContain('/interaction/');
      }
      const asked = await open(browser, '/recovery-codes');
      const { email, password } = person;
      const step = await send(browser, asked, '/sign-in', { email, password });
      expect(step.url).toContain('/second-factor');
      const question = await enterCode(browser, step, { code: app.code() });
      expect({ url: question.url, title: titleOf(question) }).toEqual({
        url: address('/recovery-codes?confirmed=yes'),
        title: 'Make new recovery codes?',
      });
      const codes = await send(browser, question, '/recovery-codes');
      expect(recoveryCodesOn(codes).length).toBe(10);
    });
  });

  it('that was set up in another tab is asked for in this one', async () => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const form = await open(browser, '/password');
    await withApp(server, person.id);
    const password = 'a quite different new passphrase';
    const page = await send(browser, form, '/password', { password, again: password });
    expect({ status: page.status, title: titleOf(page) }).toEqual({
      status: 403,
      title: 'Confirm that it is you',
    });
  });
});

describe('recovery codes', () => {
  it('are made anew, and the former ones are over', async () => {
    const person = await aPerson(server);
    const { app, recoveryCodes } = await withApp(server, person.id);
    const browser = await signedInWithCode(person, app.code());
    const question = await open(browser, '/recovery-codes');
    const pages = await Promise.all(
      Array.from({ length: 5 }, () => send(browser, question, '/recovery-codes')),
    );
    const all = pages.flatMap(recoveryCodesOn);
    expect(all.length).toBe(50);
    expect(all.filter((code) => recoveryCodes.includes(code))).toEqual([]);
    expect(await server.database.knex('recovery_codes').where({ person_id: person.id })).toHaveLength(10);
  });

  it('are for those who have another factor', async () => {
    const browser = await signedIn(await aPerson(server));
    expect(titleOf(await open(browser, '/recovery-codes'))).toBe('Your account');
  });
});

describe('a passkey', () => {
  it('of another person is not there', async () => {
    const owner = await aPerson(server);
    const credential_id = Buffer.from('the passkey of somebody');
    await server.database.knex('passkeys').insert({
      ...{ credential_id, person_id: owner.id, public_key: Buffer.from('x'), counter: 0 },
      ...{ aaguid: '00000000-0000-0000-0000-000000000000', name: 'Theirs', backed_up: false },
    });
    const browser = await signedIn(await aPerson(server));
    for (const what of ['rename', 'remove']) {
      const path = `/passkeys/${credential_id.toString('base64url')}/${what}`;
      expect((await open(browser, path)).status).toBe(404);
    }
    expect(await server.database.knex('passkeys').where({ person_id: owner.id })).toHaveLength(1);
  });

  it('is not added by a form without one', async () => {
    const browser = await signedIn(await aPerson(server));
    const page = await send(browser, await open(browser, '/passkeys/add'), '/passkeys/add', { answer: '' });
    expect({ status: page.status, error: errorOf(page) }).toEqual({
      status: 400,
      error: 'Your browser sent no passkey. Please try again.',
    });
  });
});

describe('an instance without a kind of factor', () => {
  it('offers none, and has no page for it', async () => {
    await server.database.knex('instances').insert({
      ...{ id: 'plain', name: 'Plain', second_factor: 'off', passkeys: 'off' },
    });
    const { email, password } = await aPerson(server, { instance_id: 'plain' });
    const browser = openBrowser();
    const home = `${server.url}/account/plain`;
    const form = await browser.follow(await browser.get(home));
    const page = await send(browser, form, '/sign-in', { email, password });
    expect(titleOf(page)).toBe('Your account');
    expect(page.html).not.toMatch(/id="add-(?:app|passkey)"/);
    for (const path of ['/authenticator-app', '/passkeys/add'])
      expect((await browser.get(`${home}${path}`)).status).toBe(404);
  });
});
