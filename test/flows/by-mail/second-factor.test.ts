import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, passThrough } from '../../support/clients/relying-party.ts';
import { readMails } from '../../support/mail/mailbox.ts';
import { aClient, anInstance, aPerson } from '../../support/registrations/factories.ts';
import { enterCode, withApp } from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const stopAt = DEMO_WEB.redirect_uri;
const NEW = 'seven unlikely lanterns hum';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');

/** Somebody who chose a new password by mail where a second factor is required, at the sign-in after it. */
async function afterReset({ hasApp }: { hasApp: boolean }) {
  const instance_id = await anInstance(server, { second_factor: 'required' });
  const { client_id } = await aClient(server, { instance_id });
  const person = await aPerson(server, { instance_id });
  const app = hasApp ? (await withApp(server, person.id)).app : undefined;
  const browser = openBrowser();
  const askPage = await browser.get(`${server.url}/recovery/${instance_id}`);
  await browser.follow(await browser.submit(askPage, `/recovery/${instance_id}`, { email: person.email }));
  const [mail] = await readMails(server);
  const form = await browser.get(mail?.link ?? '');
  const done = await browser.follow(await browser.submit(form, '/password', { password: NEW, again: NEW }));
  const factors = await server.database.knex('totp_factors').where({ person_id: person.id });
  const first = await browser.follow(await browser.get(authorizationUrl(server.url, { client_id })), stopAt);
  const page = await passThrough(first, { browser, person: { ...person, password: NEW }, stopAt });
  const sessions = await server.database.knex('sessions').where({ person_id: person.id });
  return { browser, app, done, factors, page, sessions };
}

describe('a new password by mail, where a second factor is required', () => {
  it('leaves the authenticator app, and its code is asked for after the new password', () =>
    withStillTime(async () => {
      const { browser, app, done, factors, page, sessions } = await afterReset({ hasApp: true });
      expect(headingOf(done)).toBe('Your password is set');
      expect({ factors: factors.length, sessions }).toEqual({ factors: 1, sessions: [] });
      expect(headingOf(page)).toBe('Enter the code from your app');
      const end = await enterCode(browser, page, { code: app?.code() ?? '', stopAt });
      expect(end.location).toMatch(/[?&]code=/);
    }));

  it('does not stand in for one, which somebody without it sets up after the new password', () =>
    withStillTime(async () => {
      const { page, sessions } = await afterReset({ hasApp: false });
      expect(sessions).toEqual([]);
      expect(headingOf(page)).toBe('Set up a second step');
    }));
});
