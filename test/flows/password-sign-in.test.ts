import { type Browser, detailOf, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  explainedAt,
  obtainTokens,
  refresh,
  signIn,
  statusAndError,
  userinfo,
} from '../support/clients/relying-party.ts';
import { aClient, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const { email, password } = ADA;
const CLIENT = DEMO_WEB.redirect_uri;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    env: { TRUSTED_PROXIES: '127.0.0.1,::1' },
  });
});
afterAll(() => server.close());

let visitors = 0;
/** A browser with its own address, so that one test's failures do not count for another's. */
function visitor(): Browser {
  visitors += 1;
  return openBrowser({ headers: { 'x-forwarded-for': `192.0.2.${visitors}` } });
}

async function openSignIn(
  browser: Browser,
  parameters: Record<string, string | undefined> = {},
): Promise<Page> {
  return browser.follow(await browser.get(authorizationUrl(server.url, parameters)), CLIENT);
}

/** The page without the parts that differ between interactions and typed addresses. */
function anonymous({ html }: Page): string {
  return html
    .replaceAll(/\/interaction\/[\w-]+/g, '/interaction/UID')
    .replaceAll(/interaction=[\w-]+/g, 'interaction=UID')
    .replaceAll(/challenge&quot;:&quot;[\w-]{72}&quot;/g, 'challenge')
    .replaceAll(/name="csrf" value="[^"]*"/g, 'name="csrf" value="CSRF"')
    .replaceAll(/<code>[\da-f-]{36}<\/code>/g, '<code>REQUEST</code>')
    .replaceAll(
      /name="email" type="text" inputmode="email" value="[^"]*"/g,
      'name="email" type="text" inputmode="email" value="EMAIL"',
    );
}

const alertOf = ({ html }: Page) =>
  /id="form-error">[\s\S]*?<span class="visually-hidden">Error: <\/span>([^<]*)<\/p>/.exec(html)?.[1];

const statusAndAlert = (page: Page) => ({ status: page.status, alert: alertOf(page) });
const leadOf = ({ html }: Page) => /<p class="lead">(.*)<\/p>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, '');

describe('signing in with a password', () => {
  it('sends the browser back to the application with a code and its state', async () => {
    const browser = visitor();
    const page = await openSignIn(browser, { state: 'S t&=ä' });
    const posted = await browser.submit(page, '/sign-in', { email, password });
    expect({ status: posted.status, 'cache-control': posted.headers.get('cache-control') }).toEqual({
      status: 303,
      'cache-control': 'no-store',
    });
    const back = new URL((await browser.follow(posted, CLIENT)).location ?? '');
    expect({ address: back.origin + back.pathname, parameters: [...back.searchParams.keys()] }).toEqual({
      address: CLIENT,
      parameters: ['code', 'state', 'iss'],
    });
    expect(back.searchParams.get('state')).toBe('S t&=ä');
  });

  it.each([
    ['in capitals', email.toUpperCase()],
    ['with spaces around it', `  ${email} `],
  ])('takes an e-mail address %s', async (_how, typed) => {
    const { callback } = await signIn(server.url, {
      browser: visitor(),
      person: { email: typed, password },
    });
    expect(callback.get('code')).toEqual(expect.any(String));
  });

  it('takes a password typed as other code points of the same characters', async () => {
    const person = await aPerson(server, { password: 'pâsswörd é'.normalize('NFC') });
    const { callback } = await signIn(server.url, {
      browser: visitor(),
      person: { email: person.email, password: 'pâsswörd é'.normalize('NFD') },
    });
    expect(callback.get('code')).toEqual(expect.any(String));
  });

  it('does not ask again for another application of the same instance', async () => {
    const other = await aClient(server, { redirect_uris: ['http://127.0.0.1:9999/other'] });
    const { browser } = await signIn(server.url, { browser: visitor() });
    const page = await browser.get(
      authorizationUrl(server.url, { client_id: other.client_id, redirect_uri: other.redirect_uri }),
    );
    expect(redirectOf(page)).toEqual({
      status: 303,
      location: expect.stringMatching(/^http:\/\/127\.0\.0\.1:9999\/other\?code=/),
    });
  });

  it('fills in the address that the application hints at', async () => {
    const page = await openSignIn(visitor(), { login_hint: 'grace"<@demo.example' });
    expect(page.html).toContain(
      'name="email" type="text" inputmode="email" value="grace&quot;&lt;@demo.example"',
    );
  });

  it('lets the person go back to the application without signing in', async () => {
    const browser = visitor();
    const page = await openSignIn(browser, { state: 'kept' });
    const back = await browser.follow(await browser.submit(page, '/abort'), CLIENT);
    expect(Object.fromEntries(new URL(back.location ?? '').searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The person cancelled signing in',
      state: 'kept',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
  });

  it('says who signed in, and who did not, in the log, and neither address nor password', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    await browser.submit(page, '/sign-in', { email, password: 'never to be logged' });
    await browser.submit(page, '/sign-in', { email, password });
    const lines = server.logLines().filter(({ path }) => path === '/interaction/:uid/sign-in');
    expect(lines.slice(-2).map(({ client, signIn, status }) => ({ client, signIn, status }))).toEqual([
      { client: 'client_demo_web', signIn: 'refused', status: 401 },
      { client: 'client_demo_web', signIn: ADA.id, status: 303 },
    ]);
    const log = JSON.stringify(server.logLines());
    for (const secret of [email, password, 'never to be logged']) expect(log).not.toContain(secret);
  });
});

describe('refuses to sign in', () => {
  it('an unknown address, a wrong password and a disabled person with the same page', async () => {
    const disabled = await aPerson(server, { disabled_at: new Date() });
    const attempts = [
      { email, password: 'wrong' },
      { email: 'nobody@demo.example', password },
      { email: disabled.email, password: disabled.password },
      { email, password: 'x'.repeat(50_000) },
      { email: `${'x'.repeat(20_000)}@demo.example`, password },
    ];
    const pages = [];
    for (const attempt of attempts) {
      const browser = visitor();
      pages.push(await browser.submit(await openSignIn(browser), '/sign-in', attempt));
    }
    const [first] = pages;
    if (!first) throw new Error('no page');
    expect(alertOf(first)).toBe('That email address and password do not match.');
    expect(pages.map((page) => ({ status: page.status, page: anonymous(page) }))).toEqual(
      attempts.map(() => ({ status: 401, page: anonymous(first) })),
    );
  });

  it('whoever leaves something out, and says so', async () => {
    for (const fields of [
      { email: '', password: '' },
      { email, password: '' },
      { email: '  ', password },
      { email },
    ]) {
      const browser = visitor();
      const page = await browser.submit(await openSignIn(browser), '/sign-in', fields as never);
      expect(statusAndAlert(page)).toEqual({
        status: 400,
        alert: 'Enter your email address and your password.',
      });
    }
  });

  it('and keeps the address that was typed, escaped, and never the password', async () => {
    const browser = visitor();
    const page = await browser.submit(await openSignIn(browser), '/sign-in', {
      email: '"><script>alert(1)</script>',
      password: 'not to be repeated',
    });
    expect(page.html).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"');
    expect(page.html).not.toContain('not to be repeated');
  });

  it('a form of more than 64 KiB', async () => {
    const browser = visitor();
    const page = await browser.submit(await openSignIn(browser), '/sign-in', {
      email,
      password: 'x'.repeat(70_000),
    });
    expect({ status: page.status, detail: detailOf(page) }).toEqual({
      status: 413,
      detail: 'The body is larger than 64 KiB.',
    });
  });
});

describe('signing in again', () => {
  it('is asked of whoever the application wants to confirm, and says so', async () => {
    const { browser } = await signIn(server.url, { browser: visitor() });
    for (const parameters of [{ prompt: 'login' }, { max_age: '0' }]) {
      const page = await withStillTime((time) => {
        time.forward(2);
        return openSignIn(browser, parameters);
      });
      expect({ status: page.status, lead: leadOf(page) }).toEqual({
        status: 200,
        lead: 'You are signed in as Ada Lovelace. Enter your password again to confirm that it is you.',
      });
    }
  });

  it('as the same person keeps what was given before', async () => {
    const { browser, callback } = await signIn(server.url, { browser: visitor() });
    const { body } = await exchange(server.url, callback.get('code') ?? '');
    await signIn(server.url, { browser, parameters: { prompt: 'login' } });
    expect((await userinfo(server.url, String(body.access_token))).status).toBe(200);
  });

  it('as somebody else ends the session of the first, and what was given in it', async () => {
    const grace = await aPerson(server);
    const { browser, callback } = await signIn(server.url, { browser: visitor() });
    const ada = await exchange(server.url, callback.get('code') ?? '');

    const switched = await signIn(server.url, { browser, person: grace, parameters: { prompt: 'login' } });
    const tokens = await exchange(server.url, switched.callback.get('code') ?? '');

    expect((await userinfo(server.url, String(tokens.body.access_token))).body.sub).toBe(grace.id);
    expect((await userinfo(server.url, String(ada.body.access_token))).status).toBe(401);
    expect(statusAndError(await refresh(server.url, String(ada.body.refresh_token)))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    // From now on Grace is signed in at this browser without a prompt.
    const next = await signIn(server.url, { browser });
    const { body } = await exchange(server.url, next.callback.get('code') ?? '');
    expect((await userinfo(server.url, String(body.access_token))).body.sub).toBe(grace.id);
  });

  it('as somebody else than the application hinted at is not enough', async () => {
    const grace = await aPerson(server);
    const { id_token } = await obtainTokens(server.url);
    const browser = visitor();
    const page = await openSignIn(browser, { id_token_hint: id_token });
    const refused = await browser.submit(page, '/sign-in', { ...grace });
    expect(statusAndAlert(refused)).toEqual({
      status: 403,
      alert: 'The application asked for somebody else to sign in. Please use the other account.',
    });
    expect((await openSignIn(browser)).html).toContain('name="password"');
    const back = await browser.follow(await browser.submit(refused, '/sign-in', { email, password }), CLIENT);
    expect(back.location).toContain(`${CLIENT}?code=`);
  });

  it('gives the browser a new session id, so that one planted before is worth nothing', async () => {
    const browser = visitor();
    await signIn(server.url, { browser });
    const sessionOf = () => browser.cookies().find(({ name }) => name === 'listo_session_demo')?.value;
    const planted = sessionOf();
    await signIn(server.url, { browser, parameters: { prompt: 'login' } });
    expect(sessionOf()).not.toBe(planted);
    const { rows } = await server.database.knex.raw(
      "SELECT count(*)::int AS live FROM artifacts WHERE model = 'Session' AND id_hash = sha256(?)",
      [Buffer.from(planted ?? '')],
    );
    expect(rows).toEqual([{ live: 0 }]);
  });

  it('is asked of nobody who was disabled since: another may sign in', async () => {
    const grace = await aPerson(server);
    const { browser } = await signIn(server.url, { browser: visitor(), person: grace });
    await server.database.knex('people').where({ id: grace.id }).update({ disabled_at: new Date() });
    const silent = await openSignIn(browser, { prompt: 'none' });
    expect(new URL(silent.location ?? '').searchParams.get('error')).toBe('login_required');
    const refused = await browser.submit(await openSignIn(browser), '/sign-in', { ...grace });
    expect(refused.status).toBe(401);
    const { callback } = await signIn(server.url, { browser });
    expect(callback.get('code')).toEqual(expect.any(String));
  });
});
