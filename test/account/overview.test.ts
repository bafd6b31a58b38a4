import { type Browser, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import { exchange, obtainCode, refresh, signIn, type Tokens } from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient, type TestPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0';

let server: TestServer;
let payroll: TestClient;
let timesheets: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  const backchannel_logout_uri = 'http://127.0.0.1:9/logout';
  payroll = await aClient(server, { name: 'Payroll', backchannel_logout_uri });
  timesheets = await aClient(server, { name: 'Timesheets', require_consent: true, backchannel_logout_uri });
});
afterAll(() => server.close());

interface SignedIn {
  browser: Browser;
  tokens: Tokens;
  client: TestClient;
}

async function signedIn(
  person: TestPerson,
  { client = payroll, userAgent = CHROME, browser = browserOf(userAgent) } = {},
): Promise<SignedIn> {
  const { client_id, redirect_uri } = client;
  const { callback } = await signIn(server.url, { browser, person, parameters: { client_id, redirect_uri } });
  const { body } = await exchange(server.url, callback.get('code') ?? '', { ...client });
  return { browser, tokens: body as unknown as Tokens, client };
}

const browserOf = (userAgent: string) => openBrowser({ headers: { 'user-agent': userAgent } });
const account = ({ browser }: Pick<SignedIn, 'browser'>) => browser.get(`${server.url}/account/demo`);
const titleOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const isThere = async (one: Pick<SignedIn, 'browser'>) => (await account(one)).status === 200;
const text = (html: string) =>
  html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
const rowsOf = ({ html }: Page, section: string) => {
  const [, part = ''] = new RegExp(`aria-labelledby="${section}">([\\s\\S]*?)</section>`).exec(html) ?? [];
  return [...part.matchAll(/<li class="row">([\s\S]*?)<\/li>/g)].map(([, row = '']) => text(row));
};
const noticeOf = ({ html }: Page) => text(/role="status">([\s\S]*?)<\/div>/.exec(html)?.[1] ?? '');
const doesRefresh = async ({ tokens, client }: SignedIn) => {
  const { client_id, client_secret } = client;
  return (await refresh(server.url, tokens.refresh_token ?? '', { client_id, client_secret })).status === 200;
};
const deliveries = async (person: TestPerson) =>
  (await server.database.knex('deliveries').orderBy('id').select('client_id', 'payload'))
    .filter(({ payload }) => payload.sub === person.id)
    .map(({ client_id }) => client_id);

/** Presses the button with an id. */
async function press(browser: Browser, page: Page, id: string): Promise<Page> {
  const forms = [...page.html.matchAll(/<form[^>]*action="([^"]*)"[^>]*>([\s\S]*?)<\/form>/g)];
  const [, action = '', content = ''] = forms.find(([form]) => form.includes(` id="${id}"`)) ?? [];
  const fields = [...content.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
  return browser.follow(
    await browser.post(
      `${server.url}${action}`,
      Object.fromEntries(fields.map(([, name, value]) => [name, value])),
    ),
  );
}

describe('the sessions of a person', () => {
  it('are listed by device, with this one first, and when they were last used', async () => {
    await withStillTime(async (time) => {
      const person = await aPerson(server);
      const other = await signedIn(person, { userAgent: FIREFOX });
      await server.database
        .knex('sessions')
        .where({ person_id: person.id })
        .update({ last_seen_at: new Date((time.now() - 3 * 60 * 60) * 1000) });
      await signedIn(person, { userAgent: 'x'.repeat(500) });
      const here = await signedIn(person);
      await server.database
        .knex('sessions')
        .where({ person_id: person.id })
        .update({ created_at: new Date('2026-11-03T12:00:00Z') });
      expect(rowsOf(await account(here), 'sessions')).toEqual([
        'Chrome on Windows Signed in since 3 November 2026 This browser',
        'A browser or device that we do not recognize Signed in since 3 November 2026 Last used within the last hour Sign out A browser or device that we do not recognize',
        'Firefox on Linux Signed in since 3 November 2026 Last used 3 hours ago Sign out Firefox on Linux',
      ]);
      expect(await isThere(other)).toBe(true);
      const names = await server.database
        .knex('sessions')
        .where({ person_id: person.id })
        .pluck('user_agent');
      expect(names.map(({ length }) => length).sort()).toEqual(
        [CHROME, FIREFOX, 'x'.repeat(300)].map(({ length }) => length).sort(),
      );
    });
  });

  it('end one by one, with what was allowed in them, and applications are told', async () => {
    const person = await aPerson(server);
    const other = await signedIn(person, { userAgent: FIREFOX });
    const third = await signedIn(person, { client: timesheets });
    const here = await signedIn(person);
    const page = await account(here);
    const at = rowsOf(page, 'sessions').findIndex((row) => row.startsWith('Firefox'));
    const after = await press(here.browser, page, `end-session-${at}`);
    expect(noticeOf(after)).toBe('That browser is signed out.');
    expect(rowsOf(after, 'sessions').length).toBe(2);
    expect({ other: await isThere(other), third: await isThere(third), here: await isThere(here) }).toEqual({
      other: false,
      third: true,
      here: true,
    });
    expect({
      other: await doesRefresh(other),
      third: await doesRefresh(third),
      here: await doesRefresh(here),
    }).toEqual({ other: false, third: true, here: true });
    expect(await deliveries(person)).toEqual([payroll.client_id]);
  });

  it('end all at once, but for this one', async () => {
    const person = await aPerson(server);
    const others = [await signedIn(person), await signedIn(person, { client: timesheets })];
    const stranger = await signedIn(await aPerson(server));
    const here = await signedIn(person);
    const after = await press(here.browser, await account(here), 'end-other-sessions');
    expect(noticeOf(after)).toBe('All other browsers are signed out.');
    expect(rowsOf(after, 'sessions').length).toBe(1);
    expect(after.html).not.toContain('end-other-sessions');
    expect(await Promise.all([...others, here, stranger].map(isThere))).toEqual([false, false, true, true]);
    expect(await Promise.all([...others, here].map(doesRefresh))).toEqual([false, false, true]);
    expect((await deliveries(person)).sort()).toEqual([payroll.client_id, timesheets.client_id].sort());
  });

  it('of another person do not end by their names, nor does anything else happen', async () => {
    const stranger = await aPerson(server);
    const other = await signedIn(stranger);
    const { uid } = await server.database.knex('sessions').where({ person_id: stranger.id }).first('uid');
    const here = await signedIn(await aPerson(server));
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec((await account(here)).html) ?? [];
    const send = (path: string, fields: Record<string, string>) =>
      here.browser.post(`${server.url}/account/demo${path}`, { csrf, ...fields });
    for (const session of [uid, 'unknown', '']) {
      expect(redirectOf(await send('/sessions/end', { session }))).toEqual({
        status: 303,
        location: `${server.url}/account/demo?done=session`,
      });
    }
    expect(await isThere(other)).toBe(true);
    expect(await doesRefresh(other)).toBe(true);
  });

  it('end once, however often it is asked', async () => {
    const person = await aPerson(server);
    await signedIn(person);
    const here = await signedIn(person);
    const page = await account(here);
    await Promise.all(Array.from({ length: 10 }, () => press(here.browser, page, 'end-other-sessions')));
    expect(await deliveries(person)).toEqual([payroll.client_id]);
  });
});

describe('the applications that a person allowed', () => {
  it('are listed with what they may do, since when, and when they were last used', async () => {
    const person = await aPerson(server);
    const here = await signedIn(person);
    await signedIn(person, { client: timesheets, browser: here.browser });
    const { knex } = server.database;
    await knex('grants')
      .where({ person_id: person.id, client_id: payroll.client_id })
      .update({ created_at: new Date('2026-09-01T12:00:00Z') });
    await knex('consents')
      .where({ person_id: person.id })
      .update({ granted_at: new Date('2026-09-02T12:00:00Z') });
    expect(rowsOf(await account(here), 'applications')).toEqual([
      'Payroll Know who you are, See your name, See your email address, Stay signed in Allowed since 1 September 2026 Last used within the last hour Remove access',
      'Timesheets Know who you are, See your name, See your email address, Stay signed in Allowed since 2 September 2026 Last used within the last hour Remove access',
    ]);
    await knex('grants').where({ person_id: person.id, client_id: timesheets.client_id }).delete();
    expect(rowsOf(await account(here), 'applications')[1]).toBe(
      'Timesheets Know who you are, See your name, See your email address Allowed since 2 September 2026 Remove access',
    );
  });

  it('are none for somebody who used none', async () => {
    const person = await aPerson(server);
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(`${server.url}/account/demo`));
    const { email, password } = person;
    const page = await browser.follow(await browser.submit(form, '/sign-in', { email, password }));
    expect(page.html).toContain('No application has access at the moment.');
  });

  it('lose it everywhere, with the consent, and are told', async () => {
    const person = await aPerson(server);
    const other = await signedIn(person, { client: timesheets });
    const here = await signedIn(person);
    const mine = await signedIn(person, { client: timesheets, browser: here.browser });
    const page = await account(here);
    const after = await press(here.browser, page, 'end-application-1');
    expect(noticeOf(after)).toBe('That application has no access any more.');
    expect(rowsOf(after, 'applications').map((row) => row.split(' ')[0])).toEqual(['Payroll']);
    expect(await Promise.all([other, mine, here].map(doesRefresh))).toEqual([false, false, true]);
    expect(await deliveries(person)).toEqual([timesheets.client_id]);
    expect(await server.database.knex('consents').where({ person_id: person.id })).toEqual([]);
    expect({ other: await isThere(other), here: await isThere(here) }).toEqual({ other: true, here: true });
  });

  it('that never asked for consent lose it as well, and are told once', async () => {
    const person = await aPerson(server);
    const others = [await signedIn(person), await signedIn(person)];
    const here = await signedIn(person, { client: timesheets });
    const page = await account(here);
    await Promise.all(Array.from({ length: 10 }, () => press(here.browser, page, 'end-application-0')));
    expect(await Promise.all([...others, here].map(doesRefresh))).toEqual([false, false, true]);
    expect(await deliveries(person)).toEqual([payroll.client_id]);
  });
});

describe('a form of the account pages', () => {
  it.each(['/sessions/end', '/sessions/end-others', '/applications/end'])(
    'needs the token of this session (%s), and leads to the page when it is opened',
    async (path) => {
      const here = await signedIn(await aPerson(server));
      const other = await signedIn(await aPerson(server));
      const [, token = ''] = /name="csrf" value="([^"]*)"/.exec((await account(other)).html) ?? [];
      for (const csrf of ['', 'x', token]) {
        const page = await here.browser.post(`${server.url}/account/demo${path}`, { csrf });
        expect({ status: page.status, title: titleOf(page) }).toEqual({
          status: 403,
          title: 'This form is out of date',
        });
      }
      expect(redirectOf(await here.browser.get(`${server.url}/account/demo${path}`))).toEqual({
        status: 303,
        location: `${server.url}/account/demo`,
      });
    },
  );

  it('does nothing for somebody whose session ended meanwhile', async () => {
    const person = await aPerson(server);
    const other = await signedIn(person);
    const here = await signedIn(person);
    const page = await account(here);
    await server.database.knex('sessions').where({ person_id: person.id }).whereNot('uid', '').delete();
    const again = await signedIn(person, { browser: other.browser });
    const after = await press(here.browser, page, 'end-other-sessions');
    expect({ status: after.status, title: titleOf(after) }).toEqual({
      status: 403,
      title: 'You are not signed in any more',
    });
    expect(after.html).toContain('href="/account/demo"');
    expect(await isThere(again)).toBe(true);
  });

  it('does nothing for a person who was disabled meanwhile', async () => {
    const person = await aPerson(server);
    const here = await signedIn(person);
    const page = await account(here);
    await server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    expect(titleOf(await press(here.browser, page, 'end-application-0'))).toBe(
      'You are not signed in any more',
    );
    expect((await account(here)).location).toContain('/auth/authorize?client_id=listo-account.demo');
  });

  it('does nothing after somebody else signed in with this browser', async () => {
    const here = await signedIn(await aPerson(server));
    const page = await account(here);
    const next = await aPerson(server);
    const { client_id, redirect_uri } = payroll;
    const parameters = { client_id, redirect_uri, prompt: 'login' };
    await signIn(server.url, { browser: here.browser, person: next, parameters });
    const other = await signedIn(next);
    expect(titleOf(await press(here.browser, page, 'end-application-0'))).toBe('This form is out of date');
    expect(await isThere(other)).toBe(true);
    expect(await doesRefresh(other)).toBe(true);
  });

  it('is not taken from a page of another origin', async () => {
    const here = await signedIn(await aPerson(server));
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec((await account(here)).html) ?? [];
    const page = await here.browser.post(
      `${server.url}/account/demo/sessions/end-others`,
      { csrf },
      { origin: 'https://elsewhere.example' },
    );
    expect({ status: page.status, title: titleOf(page) }).toEqual({
      status: 403,
      title: 'This form came from elsewhere',
    });
  });
});

describe('a session', () => {
  it('has the name that its browser had when it was last used', async () => {
    const person = await aPerson(server);
    const jar = openBrowser();
    await signedIn(person, { browser: jar });
    const names = async () =>
      server.database.knex('sessions').where({ person_id: person.id }).pluck('user_agent');
    expect(await names()).toEqual(['node']);
    const { client_id, redirect_uri } = timesheets;
    await obtainCode(server.url, { client_id, redirect_uri }, jar);
    expect(await names()).toEqual(['node']);
  });
});
