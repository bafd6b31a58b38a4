import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, passThrough } from '../../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import {
  type App,
  anApp,
  enterCode,
  secretOn,
  totpStoreOf,
  withApp,
} from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const stopAt = DEMO_WEB.redirect_uri;

let server: TestServer;
let person: TestPerson;
let app: App;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  person = await aPerson(server);
  ({ app } = await withApp(server, person.id));
});

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');
const SIGN_IN = 'Sign in to Demo web application';
const ASKS = 'Enter the code from your app';

async function begin(browser = openBrowser(), parameters: Record<string, string> = {}) {
  const page = await browser.follow(await browser.get(authorizationUrl(server.url, parameters)), stopAt);
  return { browser, page };
}

async function enterPassword(parameters: Record<string, string> = {}, who = person) {
  const { browser, page } = await begin(undefined, parameters);
  return { browser, page: await passThrough(page, { browser, person: who, stopAt }) };
}

const sessions = () => server.database.knex('sessions').where({ person_id: person.id });
const pathOf = (page: Page) => new URL(page.url).pathname.replace(/\/[^/]*$/, '');

describe('no step of a sign-in is skipped', () => {
  it('by going on with the authorization after the password', async () => {
    const { browser, page } = await enterPassword();
    const [, uid = ''] = /\/interaction\/([^/]+)/.exec(page.url) ?? [];
    const end = await browser.get(`${server.url}/auth/authorize/${uid}`);
    expect(end.location).not.toMatch(/[?&]code=/);
    expect(await sessions()).toEqual([]);
  });

  it.each(['go-on', 'set-up-factor', 'recovery-code'])('by the form of another step: %s', async (form) => {
    const { browser, page } = await enterPassword();
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    const there = new URL(`${pathOf(page)}/${form}`, server.url).href;
    const next = await browser.follow(await browser.post(there, { csrf, code: app.code() }), stopAt);
    expect(headingOf(next)).toMatch(new RegExp(`^(${ASKS}|Use a recovery code)$`));
    expect(await sessions()).toEqual([]);
  });

  it('by a form before the password', async () => {
    const { browser, page } = await begin();
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    for (const form of ['second-factor', 'recovery-code', 'set-up-factor', 'go-on']) {
      const there = `${page.url.replace(/\?.*/, '')}/${form}`;
      const next = await browser.follow(await browser.post(there, { csrf, code: app.code() }), stopAt);
      expect(headingOf(next)).toBe(SIGN_IN);
    }
    expect(await sessions()).toEqual([]);
  });
});

it('no step is taken from another sign-in, nor from that of another person', () =>
  withStillTime(async () => {
    const first = await enterPassword();
    const second = await enterPassword();
    // The cookie belongs to one interaction, and so does the secret of its forms.
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(first.page.html) ?? [];
    const mixed = await second.browser.post(second.page.url.replace(/\?.*/, ''), { csrf, code: app.code() });
    expect(mixed.status).toBe(403);

    const other = await aPerson(server);
    const { app: theirs } = await withApp(server, other.id);
    expect((await enterCode(first.browser, first.page, { code: theirs.code() })).status).toBe(401);
    expect((await enterCode(first.browser, first.page, { code: app.code(), stopAt })).location).toMatch(
      /code=/,
    );
  }));

it('no step is finished in another browser', async () => {
  const { page } = await enterPassword();
  const other = openBrowser();
  const opened = await other.follow(await other.get(page.url));
  expect(opened.status).toBe(400);
  const posted = await other.submit(page, '/second-factor', { code: app.code() });
  expect((await other.follow(posted)).status).toBe(400);
  expect(await sessions()).toEqual([]);
});

it('a sign-in is not finished twice', () =>
  withStillTime(async () => {
    const { browser, page } = await enterPassword();
    await enterCode(browser, page, { code: app.code(), stopAt });
    const again = await browser.submit(page, '/second-factor', { code: app.code(30) });
    // The browser is signed in, so it gets an answer of its session, and the code was not looked at.
    expect((await browser.follow(again, stopAt)).location).toMatch(/code=/);
    const [row] = await server.database.knex('totp_factors').where({ person_id: person.id });
    expect(Number(row.last_step)).toBe(Math.floor(Date.now() / 30_000));
    expect(await sessions()).toHaveLength(1);
  }));

it.each<[string, () => Promise<unknown>]>([
  [
    'was disabled',
    () => server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() }),
  ],
  [
    'got another password',
    async () =>
      server.database
        .knex('people')
        .where({ id: person.id })
        .update({
          password_hash: server.database
            .knex('people')
            .where({ email: 'ada@demo.example' })
            .select('password_hash'),
        }),
  ],
  ['was deleted', () => server.database.knex('people').where({ id: person.id }).delete()],
])('a person who %s between two steps begins again', (_what, act) =>
  withStillTime(async () => {
    const { browser, page } = await enterPassword();
    await act();
    expect(headingOf(await enterCode(browser, page, { code: app.code(), stopAt }))).toBe(SIGN_IN);
    expect(await sessions()).toEqual([]);
  }),
);

it('a factor that is removed before the last statement is no longer enough', () =>
  withStillTime(async (time) => {
    time.forward(60);
    const { browser, page } = await enterPassword();
    // The proof is kept, and the interaction has its result, before the browser comes back to the library.
    const proven = await browser.submit(page, '/second-factor', { code: app.code() });
    await totpStoreOf(server).remove(person.id, undefined);
    const end = await browser.follow(proven, stopAt);
    expect(new URL(end.location ?? 'x:').searchParams.get('error')).toBe('login_required');
    expect(await sessions()).toEqual([]);
  }));

it('one that was set up anew is another factor', () =>
  withStillTime(async (time) => {
    time.forward(60);
    const { browser, page } = await enterPassword();
    const proven = await browser.submit(page, '/second-factor', { code: app.code() });
    await totpStoreOf(server).remove(person.id, undefined);
    await withApp(server, person.id);
    const end = await browser.follow(proven, stopAt);
    expect(new URL(end.location ?? 'x:').searchParams.get('error')).toBe('login_required');
    expect(await sessions()).toEqual([]);
  }));

describe('the secret of an app that is being set up', () => {
  it('belongs to its sign-in and its person', () =>
    withStillTime(async (time) => {
      const instance_id = await anInstance(server, { second_factor: 'required' });
      const { client_id } = await aClient(server, { instance_id });
      const [one, other] = [await aPerson(server, { instance_id }), await aPerson(server, { instance_id })];
      const mine = await enterPassword({ client_id }, one);
      const theirs = await enterPassword({ client_id }, other);
      const app = anApp(secretOn(theirs.page));
      const [, secret = ''] = /name="secret" value="([^"]*)"/.exec(theirs.page.html) ?? [];
      const moved = await mine.browser.submit(mine.page, '/set-up-factor', { secret, code: app.code() });
      expect([moved.status, await server.database.knex('totp_factors').where({ person_id: one.id })]).toEqual(
        [400, []],
      );

      time.forward(590);
      const late = await enterCode(theirs.browser, theirs.page, { code: app.code(), by: 'set-up-factor' });
      expect(headingOf(late)).toBe('Keep your recovery codes');
    }));
});
