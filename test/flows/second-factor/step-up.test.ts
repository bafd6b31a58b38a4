import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, exchange, passThrough } from '../../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { type App, enterCode, withApp } from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const stopAt = DEMO_WEB.redirect_uri;
const ONE = 'urn:listo:acr:one-factor';
const TWO = 'urn:listo:acr:two-factors';
const essential = (value: string) => JSON.stringify({ id_token: { acr: { essential: true, value } } });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');

async function ask(browser: Browser, parameters: Record<string, string> = {}): Promise<Page> {
  return browser.follow(await browser.get(authorizationUrl(server.url, parameters)), stopAt);
}

async function answerOf(page: Page, client: object = {}): Promise<Record<string, unknown>> {
  const answer = new URL(page.location ?? 'x:').searchParams;
  if (answer.has('error')) return { error: answer.get('error') };
  const { body } = await exchange(server.url, answer.get('code') ?? '', client as never);
  const [, payload = ''] = String(body.id_token).split('.');
  const { amr, acr, auth_time } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return { amr, acr, auth_time };
}

/** Signs in with the password alone, to an application that asks for no more, a minute ago. */
async function withPassword(person: TestPerson, instance_id = 'demo'): Promise<Browser> {
  const browser = openBrowser();
  const { client_id } = await aClient(server, { instance_id, second_factor: 'off' });
  const page = await passThrough(await ask(browser, { client_id }), { browser, person, stopAt });
  expect(page.location).toMatch(/[?&]code=/);
  return browser;
}

describe('somebody who signed in with a password', () => {
  let person: TestPerson;
  let app: App;
  beforeEach(async () => {
    person = await aPerson(server);
    ({ app } = await withApp(server, person.id));
  });

  it.each([
    ['prefers two factors', { acr_values: `${TWO} ${ONE}` }],
    ['needs two factors', { claims: essential(TWO) }],
    ['asks those who have a second factor', {}],
  ])('proves only the second factor to an application that %s', (_what, parameters) =>
    withStillTime(async (time) => {
      const browser = await withPassword(person);
      const signedInAt = time.now();
      time.forward(60);
      const page = await ask(browser, parameters);
      expect(headingOf(page)).toBe('Enter the code from your app');
      const end = await enterCode(browser, page, { code: app.code(), stopAt });
      expect(await answerOf(end)).toEqual({ amr: ['pwd', 'otp', 'mfa'], acr: TWO, auth_time: signedInAt });
      // The session has both from now on.
      expect(await answerOf(await ask(browser, parameters))).toMatchObject({ acr: TWO });
    }),
  );

  it('proves only the second factor to an application whose registration requires it', () =>
    withStillTime(async () => {
      const browser = await withPassword(person);
      const client = await aClient(server, { second_factor: 'required' });
      const page = await ask(browser, { client_id: client.client_id });
      expect(headingOf(page)).toBe('Enter the code from your app');
      const end = await enterCode(browser, page, { code: app.code(), stopAt });
      expect(await answerOf(end, client)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });
    }));

  it('is not asked again by an application that prefers one factor', async () => {
    const browser = await withPassword(person);
    const { client_id } = await aClient(server, { second_factor: 'off' });
    const page = await ask(browser, { client_id, acr_values: `${ONE} ${TWO}` });
    expect(page.location).toMatch(/[?&]code=/);
  });

  it('may use another account instead', async () => {
    const browser = await withPassword(person);
    const other = await aPerson(server);
    const page = await ask(browser);
    const [, href = ''] = /id="not-you"[^>]*href="([^"]*)"/.exec(page.html) ?? [];
    const form = await browser.get(new URL(href.replaceAll('&amp;', '&'), page.url).href);
    const end = await passThrough(form, { browser, person: other, stopAt });
    expect(await answerOf(end)).toMatchObject({ amr: ['pwd'], acr: ONE });
  });

  it('is not prolonged: the session still ends as long after the password as before', () =>
    withStillTime(async (time) => {
      const instance_id = await anInstance(server, { session_absolute_ttl_seconds: 3600 });
      const own = await aPerson(server, { instance_id });
      const { app: ownApp } = await withApp(server, own.id);
      const client = await aClient(server, { instance_id });
      const browser = await withPassword(own, instance_id);
      time.forward(3000);
      const page = await ask(browser, { client_id: client.client_id });
      await enterCode(browser, page, { code: ownApp.code(), stopAt });
      time.forward(601);
      expect(headingOf(await ask(browser, { client_id: client.client_id }))).toMatch(/^Sign in/);
    }));
});

describe('the age of each proof', () => {
  it('decides what a max_age asks for: only what is older', () =>
    withStillTime(async (time) => {
      const person = await aPerson(server);
      const { app } = await withApp(server, person.id);
      const browser = await withPassword(person);
      time.forward(300);
      await enterCode(browser, await ask(browser), { code: app.code(), stopAt });
      time.forward(60);
      const page = await ask(browser, { max_age: '120' });
      expect(headingOf(page)).toMatch(/^Sign in/);
      const end = await passThrough(page, { browser, person, stopAt });
      expect(await answerOf(end)).toEqual({
        amr: ['pwd', 'otp', 'mfa'],
        acr: TWO,
        auth_time: time.now() - 60,
      });
    }));

  it('counts for nothing where the person is to sign in again', () =>
    withStillTime(async (time) => {
      const person = await aPerson(server);
      const { app } = await withApp(server, person.id);
      const browser = await withPassword(person);
      await enterCode(browser, await ask(browser), { code: app.code(), stopAt });
      time.forward(60);
      const page = await ask(browser, { prompt: 'login' });
      expect(headingOf(page)).toMatch(/^Sign in/);
      const second = await passThrough(page, { browser, person, stopAt });
      expect(headingOf(second)).toBe('Enter the code from your app');
      const end = await enterCode(browser, second, { code: app.code(), stopAt });
      expect(await answerOf(end)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], auth_time: time.now() });
    }));
});

describe('an application that may show no page (prompt=none)', () => {
  it('hears login_required where a factor is to be proven, and interaction_required where one is to be set up', async () => {
    const [one, other] = [await aPerson(server), await aPerson(server)];
    await withApp(server, one.id);
    const { client_id } = await aClient(server, { second_factor: 'required' });
    const silently = { client_id, prompt: 'none' };
    expect(await answerOf(await ask(await withPassword(one), silently))).toEqual({ error: 'login_required' });
    expect(await answerOf(await ask(await withPassword(other), silently))).toEqual({
      error: 'interaction_required',
    });
  });

  it('hears unmet_authentication_requirements for an essential acr, and gets what there is for a voluntary one', async () => {
    const person = await aPerson(server);
    await withApp(server, person.id);
    const browser = await withPassword(person);
    const client = await aClient(server, { second_factor: 'off' });
    const silently = { client_id: client.client_id, prompt: 'none' };
    expect(await answerOf(await ask(browser, { ...silently, claims: essential(TWO) }))).toEqual({
      error: 'unmet_authentication_requirements',
    });
    expect(await answerOf(await ask(browser, { ...silently, acr_values: TWO }), client)).toMatchObject({
      acr: ONE,
    });
  });
});

it('an essential acr that nobody can reach here is refused after the password', async () => {
  const instance_id = await anInstance(server, { second_factor: 'off', passkeys: 'off' });
  const person = await aPerson(server, { instance_id });
  const { client_id } = await aClient(server, { instance_id });
  const browser = openBrowser();
  const form = await ask(browser, { client_id, claims: essential(TWO) });
  const end = await passThrough(form, { browser, person, stopAt });
  expect(await answerOf(end)).toEqual({ error: 'unmet_authentication_requirements' });
});

it('a session of an older release counts as what its amr says', () =>
  withStillTime(async () => {
    const person = await aPerson(server);
    const browser = openBrowser();
    await passThrough(await ask(browser), { browser, person, stopAt });
    const forget = "UPDATE sessions SET payload = payload - 'methods' - 'factorsAsked' WHERE person_id = ?";
    await server.database.knex.raw(forget, [person.id]);
    expect(await answerOf(await ask(browser))).toMatchObject({ amr: ['pwd'] });

    // An older process beside this one asked for no code.
    const { app } = await withApp(server, person.id);
    const page = await ask(browser);
    expect(headingOf(page)).toBe('Enter the code from your app');
    const end = await enterCode(browser, page, { code: app.code(), stopAt });
    expect(await answerOf(end)).toMatchObject({ amr: ['pwd', 'otp', 'mfa'] });

    await server.database.knex.raw(forget, [person.id]);
    expect(await answerOf(await ask(browser))).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: TWO });
  }));
