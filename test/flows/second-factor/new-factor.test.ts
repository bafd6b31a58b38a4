import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, passThrough } from '../../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { anApp, enterCode, secretOn, withApp } from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const stopAt = DEMO_WEB.redirect_uri;
const TWO = 'urn:listo:acr:two-factors';
const NEEDS_TWO = JSON.stringify({ id_token: { acr: { essential: true, value: TWO } } });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');

async function ask(browser: Browser, parameters: Record<string, string> = {}): Promise<Page> {
  return browser.follow(await browser.get(authorizationUrl(server.url, parameters)), stopAt);
}

async function enterPassword(browser: Browser, person: TestPerson, parameters: Record<string, string>) {
  return passThrough(await ask(browser, parameters), { browser, person, stopAt });
}

describe('somebody who has an authenticator app, and comes with the password', () => {
  it.each<[string, object, Record<string, string>]>([
    ['requires passkeys and never asks for codes', { second_factor: 'off', passkeys: 'required' }, {}],
    [
      'never asks for codes, in a request that needs two factors',
      { second_factor: 'off' },
      { claims: NEEDS_TWO },
    ],
  ])('adds no passkey at an application that %s, before a code of the app', (_what, rule, parameters) =>
    withStillTime(async () => {
      const person = await aPerson(server);
      const { app } = await withApp(server, person.id);
      const { client_id } = await aClient(server, rule);
      const browser = openBrowser();
      const page = await enterPassword(browser, person, { client_id, ...parameters });
      expect(headingOf(page)).toBe('Enter the code from your app');
      const there = page.url.replace('/second-factor', '/set-up-factor/passkey');
      expect(headingOf(await browser.follow(await browser.get(there), stopAt))).toBe(
        'Enter the code from your app',
      );
      const next = await enterCode(browser, page, { code: app.code(), stopAt });
      expect(headingOf(next) ?? next.location).toMatch(/^Add a passkey$|[?&]code=/);
    }),
  );
});

describe('somebody who signed in with a password, and comes to an application that requires more', () => {
  it.each([
    [299, 'Set up a second step'],
    [301, 'Sign in to'],
  ])('%s seconds later sees: %s', (seconds, heading) =>
    withStillTime(async (time) => {
      const instance_id = await anInstance(server);
      const person = await aPerson(server, { instance_id });
      const any = await aClient(server, { instance_id });
      const strict = await aClient(server, { instance_id, second_factor: 'required' });
      const browser = openBrowser();
      const signedIn = await enterPassword(browser, person, { client_id: any.client_id });
      expect(signedIn.location).toMatch(/[?&]code=/);
      time.forward(seconds);
      const page = await ask(browser, { client_id: strict.client_id });
      expect(headingOf(page)).toContain(heading);
      if (seconds < 300) return;
      // With the password, they go on.
      const due = await passThrough(page, { browser, person, stopAt });
      const app = anApp(secretOn(due));
      const codes = await enterCode(browser, due, { code: app.code(), by: 'set-up-factor', stopAt });
      expect(headingOf(codes)).toBe('Keep your recovery codes');
      expect((await browser.follow(await browser.submit(codes, '/go-on'), stopAt)).location).toMatch(
        /[?&]code=/,
      );
    }),
  );
});

it('a session that ended while its person set a factor up identifies them no longer', async () => {
  const instance_id = await anInstance(server);
  const [person, other] = [await aPerson(server, { instance_id }), await aPerson(server, { instance_id })];
  const any = await aClient(server, { instance_id });
  const strict = await aClient(server, { instance_id, second_factor: 'required' });
  const browser = openBrowser();
  await enterPassword(browser, person, { client_id: any.client_id });
  const page = await ask(browser, { client_id: strict.client_id });
  const code = anApp(secretOn(page)).code();
  const codes = await enterCode(browser, page, { code, by: 'set-up-factor', stopAt });
  expect(headingOf(codes)).toBe('Keep your recovery codes');

  // Somebody else signs in, in another tab, which ends the session.
  await enterPassword(browser, other, { client_id: any.client_id, prompt: 'login' });
  const after = await browser.follow(await browser.submit(codes, '/go-on'), stopAt);
  expect(headingOf(after)).toContain('Sign in to');
  const signedIn = await server.database.knex('sessions').where({ person_id: person.id });
  expect(signedIn).toEqual([]);
});
