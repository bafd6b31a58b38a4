import { errorOf, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, exchange, passThrough } from '../../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import {
  type App,
  anApp,
  enterCode,
  recoveryCodesOn,
  secretOn,
  withApp,
} from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const stopAt = DEMO_WEB.redirect_uri;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');

/** Enters the password, up to the next page or the application. */
async function enterPassword(person: TestPerson, parameters: Record<string, string> = {}) {
  const browser = openBrowser();
  const first = await browser.follow(await browser.get(authorizationUrl(server.url, parameters)), stopAt);
  return { browser, page: await passThrough(first, { browser, person, stopAt }) };
}

/** The claims about the sign-in of the code that a page led to. */
async function signInOf(page: Page): Promise<Record<string, unknown>> {
  const code = new URL(page.location ?? 'x:').searchParams.get('code') ?? '';
  const { body } = await exchange(server.url, code);
  const [, payload = ''] = String(body.id_token).split('.');
  const { sub, amr, acr, auth_time } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  return { sub, amr, acr, auth_time };
}

const TWO = 'urn:listo:acr:two-factors';

describe('somebody with an authenticator app', () => {
  let person: TestPerson;
  let app: App;
  let recoveryCodes: string[];
  beforeEach(async () => {
    person = await aPerson(server);
    ({ app, recoveryCodes } = await withApp(server, person.id));
  });

  it('is asked for its code after the password, and both are in the ID token', () =>
    withStillTime(async (time) => {
      const { browser, page } = await enterPassword(person);
      expect(headingOf(page)).toBe('Enter the code from your app');
      const end = await enterCode(browser, page, { code: app.code(), stopAt });
      expect(await signInOf(end)).toEqual({
        sub: person.id,
        amr: ['pwd', 'otp', 'mfa'],
        acr: TWO,
        auth_time: time.now(),
      });
    }));

  it('may use the code of the step before or after, and none further away', () =>
    withStillTime(async (time) => {
      for (const inSeconds of [-30, 30]) {
        time.forward(90);
        const { browser, page } = await enterPassword(person);
        const end = await enterCode(browser, page, { code: app.code(inSeconds), stopAt });
        expect(end.location).toMatch(/[?&]code=/);
      }
      for (const inSeconds of [-90, 90]) {
        time.forward(300);
        const { browser, page } = await enterPassword(person);
        const end = await enterCode(browser, page, { code: app.code(inSeconds), stopAt });
        expect(end.status).toBe(401);
      }
    }));

  it('hears that their clock is an hour slow, and nothing that helps a guesser when it is fast', () =>
    withStillTime(async () => {
      const { browser, page } = await enterPassword(person);
      const slow = await enterCode(browser, page, { code: app.code(-3600) });
      expect({ status: slow.status, error: errorOf(slow) }).toEqual({
        status: 401,
        error:
          'That code was right 60 minutes ago. The clock of your device is probably wrong: let it set the time by itself, and enter a new code.',
      });
      const wrong =
        'That code is wrong. Enter the one that your app shows now. If it still does not work, look at the clock of your device: codes are right only while it shows the right time.';
      expect(errorOf(await enterCode(browser, slow, { code: app.code(3600) }))).toBe(wrong);
      const other = app.code() === '000000' ? '000001' : '000000';
      expect(errorOf(await enterCode(browser, slow, { code: other }))).toBe(wrong);
    }));

  it('uses each code once', () =>
    withStillTime(async () => {
      const first = await enterPassword(person);
      await enterCode(first.browser, first.page, { code: app.code(), stopAt });
      const second = await enterPassword(person);
      const again = await enterCode(second.browser, second.page, { code: app.code() });
      expect(errorOf(again)).toBe('That code was used before. Wait until your app shows the next one.');
    }));

  it('types it with spaces or in wide digits', () =>
    withStillTime(async () => {
      const { browser, page } = await enterPassword(person);
      const wide = app.code().replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
      const code = ` ${wide.slice(0, 3)} ${wide.slice(3)} `;
      expect((await enterCode(browser, page, { code, stopAt })).location).toMatch(/[?&]code=/);
    }));

  it('may use a recovery code instead, once', async () => {
    const [code = ''] = recoveryCodes;
    const { browser, page } = await enterPassword(person);
    const [, href = ''] = /id="by-recovery"[^>]*href="([^"]*)"/.exec(page.html) ?? [];
    const form = await browser.get(new URL(href.replaceAll('&amp;', '&'), page.url).href);
    expect(headingOf(form)).toBe('Use a recovery code');
    const typed = code.toLowerCase().replaceAll('-', ' ');
    const end = await enterCode(browser, form, { code: typed, by: 'recovery-code', stopAt });
    expect(await signInOf(end)).toMatchObject({ amr: ['pwd', 'mfa'], acr: TWO });
    expect(await server.database.knex('recovery_codes').where({ person_id: person.id })).toHaveLength(9);

    const second = await enterPassword(person);
    const again = await second.browser.get(`${second.page.url}&by=recovery`);
    const refused = await enterCode(second.browser, again, { code, by: 'recovery-code' });
    expect({ status: refused.status, error: errorOf(refused) }).toEqual({
      status: 401,
      error: 'That is none of your recovery codes, or it was used before. Each of them works once.',
    });
  });

  it('is not asked where the instance or the application has turned it off', async () => {
    const off = await aClient(server, { second_factor: 'off' });
    const { page } = await enterPassword(person, { client_id: off.client_id });
    expect(page.location).toMatch(/[?&]code=/);
  });

  it('begins again with the password after ten minutes', () =>
    withStillTime(async (time) => {
      const { browser, page } = await enterPassword(person);
      time.forward(601);
      const late = await enterCode(browser, page, { code: app.code() });
      expect(headingOf(late)).toBe('Sign in to Demo web application');
    }));
});

describe('where a second factor is required', () => {
  it('somebody without one sets an app up during the sign-in, and gets ten recovery codes', () =>
    withStillTime(async () => {
      const instance_id = await anInstance(server, { second_factor: 'required' });
      const client = await aClient(server, { instance_id });
      const person = await aPerson(server, { instance_id });
      const { browser, page } = await enterPassword(person, { client_id: client.client_id });
      expect(headingOf(page)).toBe('Set up a second step');
      const app = anApp(secretOn(page));

      const fast = await enterCode(browser, page, { code: app.code(3600), by: 'set-up-factor' });
      expect({ status: fast.status, error: errorOf(fast), secret: secretOn(fast) }).toEqual({
        status: 400,
        error:
          'The clock of your device is about 60 minutes fast, so its codes do not work. Let it set the time by itself, and enter a new code.',
        secret: app.secret,
      });
      expect(await server.database.knex('totp_factors').where({ person_id: person.id })).toEqual([]);

      const shown = await enterCode(browser, fast, { code: app.code(), by: 'set-up-factor' });
      expect(headingOf(shown)).toBe('Keep your recovery codes');
      expect(new Set(recoveryCodesOn(shown)).size).toBe(10);
      const end = await browser.follow(await browser.submit(shown, '/go-on'), stopAt);
      const code = new URL(end.location ?? 'x:').searchParams.get('code') ?? '';
      const { body } = await exchange(server.url, code, client as never);
      expect(
        JSON.parse(Buffer.from(String(body.id_token).split('.')[1] ?? '', 'base64url').toString()),
      ).toMatchObject({
        sub: person.id,
        amr: ['pwd', 'otp', 'mfa'],
      });
    }));
});
