import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort } from '../../scripts/free-port.ts';
import { createApp } from '../../src/app.ts';
import { type Config, parseConfig } from '../../src/config.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { startServer } from '../../src/server.ts';
import { welcome } from '../../src/welcome.ts';
import { type Browser, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import { ADA, DEMO_WEB } from '../support/clients/relying-party.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';
import { startTestServer, TEST_SECRETS, type TestServer } from '../support/servers/test-server.ts';

const DEMO_SEED = new URL('../../config/seeds/demo.sql', import.meta.url);
const SILENT = createLogger({ level: 'silent' });

let server: TestServer;
let issuer: string;
beforeAll(async () => {
  server = await startTestServer();
  issuer = server.url;
});
afterAll(() => server.close());

/** A browser that has signed in to the demo, and its page. */
async function signedIn(): Promise<{ browser: Browser; page: Page }> {
  const browser = openBrowser();
  const signIn = await browser.follow(await browser.get(`${issuer}/demo/sign-in`));
  const answer = await browser.submit(signIn, '/sign-in', { email: ADA.email, password: ADA.password });
  return { browser, page: await browser.follow(answer) };
}

/** A browser that has signed in and stops before the issuer's answer reaches the demo. */
async function beforeCallback(): Promise<{ browser: Browser; callback: URL }> {
  const browser = openBrowser();
  const signIn = await browser.follow(await browser.get(`${issuer}/demo/sign-in`));
  const answer = await browser.submit(signIn, '/sign-in', { email: ADA.email, password: ADA.password });
  const { location = '' } = await browser.follow(answer, `${issuer}/demo/callback`);
  return { browser, callback: new URL(location) };
}

/** The same server with another configuration, on another port. */
async function serve(config: Partial<Config>): Promise<{ url: string; close(): Promise<unknown> }> {
  const { services } = server;
  const other = createServer(
    createApp(
      { ...services, config: { ...services.config, ...config } },
      { retiring: () => false },
    ).callback(),
  );
  await new Promise<void>((listening) => other.listen(0, 'localhost', listening));
  const { port } = other.address() as AddressInfo;
  return { url: `http://localhost:${port}`, close: () => new Promise((closed) => other.close(closed)) };
}

/** Presses a step's button, and returns the next page. */
async function press(browser: Browser, page: Page, step: string): Promise<Page> {
  return browser.follow(await browser.submit(page, `/demo/${step}`));
}

const entities: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};
const plain = (html = '') =>
  html.replaceAll(/<[^>]*>/g, '').replaceAll(/&\w+;|&#39;/g, (entity) => entities[entity] ?? entity);

/** The text of a code block, by its label for screen readers. */
function block({ html }: Page, label: string): string {
  return plain(new RegExp(`aria-label="${label}"><code[^>]*>([\\s\\S]*?)</code>`).exec(html)?.[1]);
}

function answerIn(page: Page, label: string) {
  return JSON.parse(block(page, label));
}

const progress = ({ html }: Page) =>
  Object.fromEntries(
    [...html.matchAll(/tour__title--(\w+)" id="([\w-]+)-title"/g)].map(([, state, id]) => [id, state]),
  );
const heading = ({ html }: Page) => plain(/<h1>([\s\S]*?)<\/h1>/.exec(html)?.[1]);
const problem = (page: Page) => ({
  status: page.status,
  title: heading(page),
  code: plain(/<dt>Code<\/dt><dd>([\s\S]*?)<\/dd>/.exec(page.html)?.[1]),
});
const alert = ({ html }: Page) =>
  plain(/role="alert">[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(html)?.[1]).replaceAll(/\s+/g, ' ');
const notice = ({ html }: Page) => plain(/role="status">[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(html)?.[1]);

describe('the demo', () => {
  it('is where the bare address leads', async () => {
    const page = await openBrowser().get(`${issuer}/`);
    expect(redirectOf(page)).toEqual({ status: 303, location: `${issuer}/demo` });
  });

  it('says who to sign in as, and sets no cookie before one does', async () => {
    const page = await openBrowser().get(`${issuer}/demo`);

    expect(page.status).toBe(200);
    expect(page.html).toContain(ADA.email);
    expect(page.html).toContain(ADA.password);
    expect(page.html).toContain(`href="${issuer}/demo/sign-in"`);
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('refuses an address with more parameters than anybody needs, instead of sorting through them', async () => {
    const page = await openBrowser().get(`${issuer}/demo?${'a&'.repeat(30_000)}`);
    expect(page.status).toBe(400);
  });

  it('starts the authorization code flow with state, nonce and PKCE', async () => {
    const { location = '', headers, status } = await openBrowser().get(`${issuer}/demo/sign-in`);
    const url = new URL(location);

    expect(status).toBe(303);
    expect(`${url.origin}${url.pathname}`).toBe(`${issuer}/auth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client_demo_web',
      redirect_uri: `${issuer}/demo/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^listo_demo=[\w-]{43}; path=\/demo; expires=[^;]+; samesite=lax; httponly$/),
      expect.stringMatching(/^listo_demo\.sig=[\w-]+; path=\/demo; expires=[^;]+; samesite=lax; httponly$/),
    ]);
  });

  it('signs in, and shows the code exchange and the verified ID token', async () => {
    const { page } = await signedIn();

    expect({ url: page.url, status: page.status, heading: heading(page) }).toEqual({
      url: `${issuer}/demo`,
      status: 200,
      heading: 'Ada Lovelace is signed in',
    });
    expect(progress(page)).toEqual({
      authorization: 'done',
      'code-exchange': 'done',
      'id-token': 'done',
      userinfo: 'next',
      refresh: 'todo',
      'listnr-token': 'todo',
      'listnr-verification': 'todo',
      'sign-out': 'todo',
    });
    const { code } = answerIn(page, 'Authorization: answer');
    const verifier = /-d code_verifier=([\w-]{43}) /.exec(block(page, 'Code exchange: request'))?.[1];
    expect(block(page, 'Code exchange: request')).toBe(
      `CODE='${code}'

curl ${issuer}/auth/token \\
  --data-urlencode 'redirect_uri=${issuer}/demo/callback' \\
  -d "code=$CODE" \\
  -d code_verifier=${verifier} \\
  -d grant_type=authorization_code \\
  -d client_id=client_demo_web \\
  -d client_secret=demo-web-secret-not-for-production-0001`,
    );
    expect(answerIn(page, 'Code exchange: answer')).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
      id_token: expect.any(String),
      scope: 'openid profile email',
    });
    expect(answerIn(page, 'ID token: claims')).toMatchObject({
      iss: issuer,
      sub: ADA.id,
      aud: 'client_demo_web',
      nonce: new URLSearchParams(block(page, 'Authorization: request').replaceAll(/\s/g, '')).get('nonce'),
    });
    const kid = answerIn(page, 'ID token: header').kid;
    expect(answerIn(page, 'JWKS of the issuer: answer').keys).toContainEqual(
      expect.objectContaining({ kid }),
    );
  });

  it('calls userinfo with the access token', async () => {
    const { browser, page } = await signedIn();
    const posted = await browser.submit(page, '/demo/userinfo');
    const after = await browser.follow(posted);
    const { access_token } = answerIn(page, 'Code exchange: answer');

    expect({ status: posted.status, location: posted.location }).toEqual({
      status: 303,
      location: `${issuer}/demo#userinfo`,
    });
    expect(progress(after)).toMatchObject({ userinfo: 'done', refresh: 'next' });
    expect(block(after, 'Userinfo: request')).toBe(
      `ACCESS_TOKEN='${access_token}'

curl ${issuer}/auth/userinfo \\
  -H "Authorization: Bearer $ACCESS_TOKEN"`,
    );
    const direct = await fetch(`${issuer}/auth/userinfo`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(answerIn(after, 'Userinfo: answer')).toEqual(await direct.json());
  });

  it('refreshes, shows what changed, and uses the new tokens', async () => {
    const { browser, page } = await signedIn();
    const before = answerIn(page, 'Code exchange: answer');
    const after = await press(browser, page, 'refresh');
    const tokens = answerIn(after, 'Refresh: answer');
    const ends = [...after.html.matchAll(/class="token-end">([^<]*)</g)].map(([, text]) => text);

    expect(progress(after)).toMatchObject({ userinfo: 'next', refresh: 'done' });
    expect(ends).toEqual(
      ['access_token', 'refresh_token', 'id_token'].flatMap((name) => [
        `…${before[name].slice(-10)}`,
        `…${tokens[name].slice(-10)}`,
      ]),
    );
    expect(tokens.access_token).not.toBe(before.access_token);
    expect(tokens.refresh_token).not.toBe(before.refresh_token);
    const userinfo = await press(browser, after, 'userinfo');
    expect(block(userinfo, 'Userinfo: request')).toContain(tokens.access_token);
  });

  it('gets a LiSTNR token for the ID token, and verifies it', async () => {
    const { browser, page } = await signedIn();
    expect(page.html).toContain('First get a token, in the step before.');
    const issued = await press(browser, page, 'listnr-token');

    expect(block(issued, 'LiSTNR token: request')).toBe(
      `ID_TOKEN='${answerIn(page, 'Code exchange: answer').id_token}'

curl ${issuer}/v1/listnr-token-provider/issue-token \\
  -H "Authorization: Bearer $ID_TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d '{"client_id":"demo-app","scope":"read:profile"}'`,
    );
    expect(answerIn(issued, 'LiSTNR token: claims')).toEqual({
      iss: issuer,
      sub: ADA.id,
      aud: 'demo-app',
      scope: 'read:profile',
      email: ADA.email,
      display_name: 'Ada Lovelace',
      first_name: 'Ada',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
    });

    const verified = await press(browser, issued, 'listnr-verification');
    expect(progress(verified)).toMatchObject({ 'listnr-token': 'done', 'listnr-verification': 'done' });
    expect(block(verified, 'JWKS of LiSTNR: request')).toBe(`curl ${issuer}/v1/listnr-token-provider/jwks`);
  });

  it('signs out at the issuer too', async () => {
    const { browser, page } = await signedIn();
    const cookie = browser.cookies().filter(({ path }) => path === '/demo');
    const after = await press(browser, page, 'sign-out');

    expect(after.url).toBe(`${issuer}/demo?state=signed-out`);
    expect(notice(after)).toBe('You are signed out, here and at Listo.');
    expect(browser.cookies().filter(({ name }) => name.startsWith('listo_demo'))).toEqual([]);
    const kept = await openBrowser().get(`${issuer}/demo`, {
      cookie: cookie.map(({ name, value }) => `${name}=${value}`).join('; '),
    });
    expect(notice(kept)).toBe(
      'It keeps a session for an hour, in the memory of the server. Sign in again to go on.',
    );
    const again = await browser.follow(await browser.get(`${issuer}/demo/sign-in`));
    expect(again.html).toContain('name="password"');
  });

  it('takes another session id once somebody has signed in', async () => {
    const { browser, callback } = await beforeCallback();
    const id = () => browser.cookies().find(({ name }) => name === 'listo_demo')?.value;
    const before = id();
    await browser.get(callback.href);

    expect(id()).toEqual(expect.stringMatching(/^[\w-]{43}$/));
    expect(id()).not.toBe(before);
  });

  it('keeps tokens and codes out of the log', async () => {
    const { browser, page } = await signedIn();
    await press(browser, page, 'refresh');
    const { access_token, refresh_token, id_token } = answerIn(page, 'Code exchange: answer');
    const log = JSON.stringify(server.logLines());

    for (const secret of [
      access_token,
      refresh_token,
      id_token,
      answerIn(page, 'Authorization: answer').code,
    ]) {
      expect(log).not.toContain(secret);
    }
  });
});

describe('the demo refuses, and says how to go on', () => {
  it('an answer with another state, while the real one still works', async () => {
    const { browser, callback } = await beforeCallback();
    const forged = new URL(callback);
    forged.searchParams.set('state', 'another');

    expect(problem(await browser.get(forged.href))).toEqual({
      status: 400,
      title: 'This answer is not expected',
      code: 'state_mismatch',
    });
    expect(heading(await browser.follow(await browser.get(callback.href)))).toBe('Ada Lovelace is signed in');
  });

  it('an answer that comes twice, without forgetting who is signed in', async () => {
    const { browser, callback } = await beforeCallback();
    await browser.get(callback.href);
    const again = await browser.get(callback.href);

    expect(problem(again)).toMatchObject({ status: 400, code: 'state_mismatch' });
    expect(again.html).toContain('<a class="button button--primary" href="/demo">Go on</a>');
    expect(heading(await browser.get(`${issuer}/demo`))).toBe('Ada Lovelace is signed in');
  });

  it('an answer in a browser that did not ask', async () => {
    const { callback } = await beforeCallback();
    const page = await openBrowser().get(callback.href);

    expect(problem(page)).toMatchObject({ status: 400, code: 'state_mismatch' });
    expect(page.html).toContain(`href="${issuer}/demo/sign-in">Sign in</a>`);
  });

  it('an answer that names another issuer (RFC 9207)', async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('iss', 'https://elsewhere.example');

    expect(problem(await browser.get(callback.href))).toEqual({
      status: 400,
      title: 'The answer failed a check',
      code: 'OAUTH_INVALID_RESPONSE',
    });
  });

  it('a code that the issuer does not know, and the same answer from then on', async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('code', 'not-a-code');

    expect(problem(await browser.get(callback.href))).toEqual({
      status: 400,
      title: 'The server refused',
      code: 'invalid_grant',
    });
    expect(problem(await browser.get(callback.href))).toMatchObject({ code: 'state_mismatch' });
  });

  it('to be upset when the person does not sign in', async () => {
    const browser = openBrowser();
    const signIn = await browser.follow(await browser.get(`${issuer}/demo/sign-in`));
    const page = await browser.follow(await browser.submit(signIn, '/abort'));

    expect(problem(page)).toEqual({ status: 403, title: 'You did not sign in', code: 'access_denied' });
  });

  it('a form without the token of its session, or from another site', async () => {
    const { browser, page } = await signedIn();
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '';
    const other = /name="csrf" value="([^"]*)"/.exec((await signedIn()).page.html)?.[1] ?? '';
    const post = async (fields: Record<string, string>, headers = {}) =>
      (await browser.post(`${issuer}/demo/userinfo`, fields, headers)).status;

    expect(await post({})).toBe(403);
    expect(await post({ csrf: other })).toBe(403);
    expect(await post({ csrf }, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(progress(await browser.get(`${issuer}/demo`))).toMatchObject({ userinfo: 'next' });
    expect(await post({ csrf })).toBe(303);
  });

  it.each(['userinfo', 'refresh', 'listnr-token', 'listnr-verification', 'sign-out'])(
    '%s from a browser without a session',
    async (step) => {
      expect(problem(await openBrowser().post(`${issuer}/demo/${step}`, {}))).toEqual({
        status: 403,
        title: 'The demo has forgotten you',
        code: 'no_session',
      });
    },
  );

  it('a session cookie that it did not sign', async () => {
    const { browser } = await signedIn();
    const id = browser.cookies().find(({ name }) => name === 'listo_demo')?.value;
    const page = await openBrowser().get(`${issuer}/demo`, {
      cookie: `listo_demo=${id}; listo_demo.sig=forged`,
    });

    expect(heading(page)).toBe('See Sign in with Listo work');
  });

  it('to hide that a token was revoked: the step shows the answer', async () => {
    const { browser, page } = await signedIn();
    const { refresh_token } = answerIn(page, 'Code exchange: answer');
    const { client_id, client_secret } = DEMO_WEB;
    await fetch(`${issuer}/auth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: refresh_token, client_id, client_secret }),
    });
    const userinfo = await press(browser, page, 'userinfo');
    const refresh = await press(browser, userinfo, 'refresh');

    expect(progress(refresh)).toMatchObject({
      userinfo: 'failed',
      refresh: 'failed',
      'listnr-token': 'next',
    });
    expect(answerIn(userinfo, 'Userinfo: answer').error).toBe('invalid_token');
    expect(answerIn(refresh, 'Refresh: answer').error).toBe('invalid_grant');
    expect(alert(userinfo)).toMatch(/^The server refused\. Its answer: .+ sign in again for new tokens\.$/);
  });

  it('to break when nobody answers at the issuer', async () => {
    const { url, close } = await serve({ issuer: 'http://localhost:9' });
    const page = await openBrowser().get(`${url}/demo/sign-in`);
    await close();

    expect(problem(page)).toEqual({
      status: 502,
      title: 'The issuer does not answer',
      code: 'issuer_unreachable',
    });
  });
});

describe('the demo on a database where the server applies no seed by itself', () => {
  const DELETED = "DELETE FROM clients WHERE id = 'client_demo_web'";
  const ELSEWHERE =
    "UPDATE clients SET redirect_uris = '{http://localhost:1/demo/callback}' WHERE id = 'client_demo_web'";

  it.each<[string, string, Partial<Config>, number]>([
    ['is there with its rows', '', {}, 200],
    ['is not there without its rows', DELETED, {}, 404],
    ['is not there with rows for another issuer', ELSEWHERE, {}, 404],
    ['is not there where the configuration forbids it', '', { demo: false }, 404],
  ])('%s', async (_what, sql, changes, status) => {
    const database = await openTestDatabase();
    const seed = { name: 'demo', sql: readFileSync(DEMO_SEED, 'utf8'), settings: { issuer } };
    await applySeed(database.knex, seed);
    if (sql) await database.knex.raw(sql);
    const port = await freePort();
    const config = parseConfig({ ...TEST_SECRETS, PORT: String(port), ISSUER: issuer, HOST: 'localhost' });
    const started = await startServer(
      { ...config, demoSeed: false, ...changes },
      { logger: SILENT, database },
    );
    const answer = await fetch(`http://localhost:${port}/demo`);
    await started.close();
    expect(answer.status).toBe(status);
  });
});

describe('what npm start prints', () => {
  it('leads to the demo, and mints a LiSTNR token', async () => {
    const text = welcome(server.services.config, server.services);
    const links = text
      .match(/^.*(?:demo|openid-configuration)$/gm)
      ?.map((line) => line.trim().split(/\s+/).at(-1));
    const [, url = '', credentials = '', type = '', body = ''] =
      /curl (\S+) \\\n +-u (\S+) \\\n +-H 'Content-Type: (\S+)' \\\n +-d '([^']+)'\n/.exec(text) ?? [];
    const minted = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': type,
      },
      body,
    });

    expect(links).toEqual([`${issuer}/demo`, `${issuer}/.well-known/openid-configuration`]);
    expect(await minted.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
    });
  });

  it('says where it listens, and nothing of the demo, without one', () => {
    const place = { issuer: 'https://login.example', port: 443 };
    const demo = { demo: false };

    expect(welcome({ ...place, host: '0.0.0.0' }, demo)).toBe(
      '\nListening on 0.0.0.0:443 as https://login.example\n\n',
    );
    expect(welcome({ ...place, host: '::' }, demo)).toBe(
      '\nListening on [::]:443 as https://login.example\n\n',
    );
  });
});
