import { type Browser, errorOf, openBrowser, type Page } from '../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, passThrough } from '../support/clients/relying-party.ts';
import { aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { type App, enterCode, withApp } from '../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { rowsTestedBy } from '../support/sources/security-document.ts';

const stopAt = DEMO_WEB.redirect_uri;

let server: TestServer;
let person: TestPerson;
let app: App;
let recoveryCodes: string[];
beforeAll(async () => {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '20' } });
});
afterAll(() => server.close());
beforeEach(async () => {
  person = await aPerson(server);
  ({ app, recoveryCodes } = await withApp(server, person.id));
});

async function enterPassword(browser = openBrowser()): Promise<{ browser: Browser; page: Page }> {
  const parameters = { prompt: 'login' };
  const form = await browser.follow(await browser.get(authorizationUrl(server.url, parameters)), stopAt);
  return { browser, page: await passThrough(form, { browser, person, stopAt }) };
}

/** A code that is wrong for an hour to each side. */
function wrongCode(): string {
  const right = new Set(Array.from({ length: 400 }, (_, n) => app.code((n - 200) * 30)));
  const [code = ''] = ['000000', '111111', '222222', '333333'].filter((one) => !right.has(one));
  return code;
}

const failures = async (): Promise<number[]> => {
  const rows = await server.database.knex('guesses').select('failed');
  return rows.map(({ failed }) => Object.keys(failed).length);
};

it('A person types five wrong codes of the app', async () => {
  const { browser, page } = await enterPassword();
  for (let n = 0; n < 5; n += 1)
    expect((await enterCode(browser, page, { code: wrongCode() })).status).toBe(401);
  const sixth = await enterCode(browser, page, { code: app.code() });
  expect({ status: sixth.status, error: errorOf(sixth) }).toEqual({
    status: 429,
    error: expect.stringMatching(/^Too many attempts. Try again in \d+ seconds?\.$/),
  });
  expect(sixth.headers.get('retry-after')).toMatch(/^\d+$/);
});

it('Somebody who has the password types thirty wrong codes in a day', async () => {
  await server.database.knex('guesses').delete();
  const { browser, page } = await enterPassword();
  await enterCode(browser, page, { code: wrongCode() });
  // Twenty-nine more, spread over the day.
  await server.database.knex.raw(
    `UPDATE guesses SET failed = failed || (SELECT jsonb_object_agg('guess ' || n, extract(epoch FROM now()) + 80000 + n)
       FROM generate_series(1, 29) n) WHERE most = 30`,
  );
  const refused = await enterCode(browser, page, { code: app.code() });
  expect({ status: refused.status, error: errorOf(refused) }).toEqual({
    status: 429,
    error: 'Too many attempts. Try again in 23 hours.',
  });
});

it('Somebody who has the password guesses codes, in any browser', async () => {
  const known = openBrowser();
  const first = await enterPassword(known);
  expect((await enterCode(known, first.page, { code: app.code(), stopAt })).location).toMatch(/code=/);

  const thief = await enterPassword();
  for (let n = 0; n < 5; n += 1) await enterCode(thief.browser, thief.page, { code: wrongCode() });
  expect((await enterCode(thief.browser, thief.page, { code: app.code(30) })).status).toBe(429);

  const again = await enterPassword(known);
  expect((await enterCode(known, again.page, { code: app.code(30), stopAt })).location).toMatch(/code=/);
  // A recovery code has guesses of its own, in any browser.
  const [code = ''] = recoveryCodes;
  const elsewhere = await enterPassword();
  const form = await elsewhere.browser.get(`${elsewhere.page.url}&by=recovery`);
  const end = await enterCode(elsewhere.browser, form, { code, by: 'recovery-code', stopAt });
  expect(end.location).toMatch(/code=/);
});

it('A stranger without the password sends codes', async () => {
  const browser = openBrowser();
  const page = await browser.follow(await browser.get(authorizationUrl(server.url)), stopAt);
  const before = await failures();
  const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
  for (const form of ['second-factor', 'recovery-code'])
    await browser.post(`${page.url.replace(/\?.*/, '')}/${form}`, { csrf, code: '000000' });
  expect(await failures()).toEqual(before);
});

it('who is kept from a second factor by whom is the table in docs/security.md', () => {
  expect(rowsTestedBy('who-shuts-out-second-factors')).toEqual([
    'A stranger without the password sends codes',
    'A person types five wrong codes of the app',
    'Somebody who has the password guesses codes, in any browser',
    'Somebody who has the password types thirty wrong codes in a day',
  ]);
});

it('the audit trail has the refusals, and when no more were looked at', async () => {
  const { browser, page } = await enterPassword();
  for (let n = 0; n < 6; n += 1) await enterCode(browser, page, { code: wrongCode() });
  const events = await server.database
    .knex('audit_events')
    .where({ person_id: person.id })
    .whereIn('event', ['sign_in.refused', 'sign_in.locked'])
    .orderBy('id')
    .select('event', 'detail');
  expect(events).toEqual([
    ...Array.from({ length: 5 }, () => ({
      event: 'sign_in.refused',
      detail: { why: 'second factor (otp): wrong' },
    })),
    { event: 'sign_in.locked', detail: { of: 'person', factor: 'otp' } },
  ]);
});
