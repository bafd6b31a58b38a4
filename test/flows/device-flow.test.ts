import { createHash } from 'node:crypto';
import * as client from 'openid-client';
import { createDeviceCodeStore } from '../../src/artifacts/device-code-store.ts';
import { type Browser, openBrowser, type Page } from '../support/browser.ts';
import { aClient, anInstance, aPerson, type TestClient, type TestPerson } from '../support/factories.ts';
import {
  ADA,
  type Answer,
  authorizationUrl,
  postForm,
  signIn,
  type Tokens,
  userinfo,
} from '../support/relying-party.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

interface DeviceAnswer {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete: string;
  expires_in: number;
}

let server: TestServer;
/** A public client, of a television say. */
let television: TestClient;
/** Signed in as Ada. */
let ada: Browser;
beforeAll(async () => {
  server = await startTestServer();
  ({ browser: ada } = await signIn(server.url));
  television = await aDevice({ name: 'Television' });
});
afterAll(() => server.close());

function aDevice(columns: Parameters<typeof aClient>[1] = {}): Promise<TestClient> {
  return aClient(server, {
    type: 'public',
    redirect_uris: [],
    grant_types: [DEVICE_CODE, 'refresh_token'],
    ...columns,
  });
}

function ask({ client_id }: { client_id: string }, more: Record<string, string> = {}): Promise<Answer> {
  return postForm(`${server.url}/auth/device_authorization`, { client_id, scope: 'openid profile', ...more });
}

async function begin(
  device: { client_id: string } = television,
  more: Record<string, string> = {},
): Promise<DeviceAnswer> {
  return (await ask(device, more)).body as unknown as DeviceAnswer;
}

function poll(
  { device_code }: { device_code: string },
  { client_id, client_secret }: { client_id: string; client_secret?: string } = television,
): Promise<Answer> {
  const secret = client_secret ? { client_secret } : {};
  return postForm(`${server.url}/auth/token`, { grant_type: DEVICE_CODE, client_id, device_code, ...secret });
}

async function told(answer: Promise<Answer>): Promise<unknown[]> {
  const { status, body } = await answer;
  return [status, body.error, body.error_description];
}

/** As the person does: the code, then the question whether to go on, and Continue. */
async function confirm(browser: Browser, { verification_uri_complete }: DeviceAnswer): Promise<Page> {
  const page = await browser.get(verification_uri_complete);
  return browser.follow(await browser.submit(page, '/auth/device', { confirm: 'yes' }));
}

async function approve(
  code: DeviceAnswer,
  {
    person = ADA,
    browser = person === ADA ? ada : openBrowser(),
  }: { browser?: Browser; person?: Pick<TestPerson, 'email' | 'password'> } = {},
): Promise<Page> {
  const page = await confirm(browser, code);
  if (!page.html.includes('name="password"')) return page;
  const { email, password } = person;
  return browser.follow(await browser.submit(page, '/sign-in', { email, password }));
}

const headingOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const errorOf = ({ html }: Page) => /Error: <\/span>([^<]*)</.exec(html)?.[1];
const seen = (page: Page) => [page.status, headingOf(page), errorOf(page)];

const PENDING = [
  400,
  'authorization_pending',
  "authorization request is still pending as the end-user hasn't yet completed the user interaction steps",
];
const CODE_PAGE = 'Sign in on your device';
const UNKNOWN = [
  400,
  CODE_PAGE,
  'That is not a code we know. Please compare it with the one on your device.',
];
const USED = [400, CODE_PAGE, 'That code has been used already. Your device can show you a new one.'];
const INTERRUPTED = [
  400,
  CODE_PAGE,
  'That did not work, perhaps because the page was open for too long. Please enter the code again.',
];
const CANCELLED = [200, 'Cancelled', undefined];

describe('a device without a browser', () => {
  it('is given a code to poll with, a short one for the person, and where they take it', async () => {
    expect((await ask(television)).body).toEqual({
      device_code: expect.stringMatching(/^[\w-]{43}$/),
      user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/),
      verification_uri: `${server.url}/auth/device`,
      verification_uri_complete: expect.stringContaining(`${server.url}/auth/device?user_code=`),
      expires_in: 600,
    });
  });

  it('waits until the person has signed in, and then gets its tokens', async () => {
    const code = await begin();
    expect(await told(poll(code))).toEqual(PENDING);

    const done = await approve(code, { browser: openBrowser() });
    expect([...seen(done), done.html.includes('Television goes on there')]).toEqual([
      200,
      'You are signed in',
      undefined,
      true,
    ]);
    const { status, body } = await poll(code);
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        id_token: expect.any(String),
        expires_in: 3600,
        scope: 'openid profile',
        token_type: 'Bearer',
      },
    ]);
    const { access_token, refresh_token = '' } = body as unknown as Tokens;
    expect((await userinfo(server.url, access_token)).body).toMatchObject({
      sub: ADA.id,
      name: 'Ada Lovelace',
    });
    const refreshed = await postForm(`${server.url}/auth/token`, {
      grant_type: 'refresh_token',
      refresh_token,
      client_id: television.client_id,
    });
    expect([refreshed.status, refreshed.body.scope]).toEqual([200, 'openid profile']);
  });

  it('is any client library, which knows nothing of us', async () => {
    const { client_id, client_secret } = await aDevice({ type: 'confidential' });
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      undefined,
      client.ClientSecretBasic(client_secret),
      { execute: [client.allowInsecureRequests] },
    );
    const answer = await client.initiateDeviceAuthorization(config, { scope: 'openid email' });
    await approve(answer as unknown as DeviceAnswer);
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...answer, interval: 0 });
    expect([tokens.claims()?.sub, tokens.scope]).toEqual([ADA.id, 'openid email']);
  });

  it('may be a client that people sign in to by redirect as well', async () => {
    const both = await aClient(server, {
      grant_types: ['authorization_code', DEVICE_CODE],
      require_consent: false,
    });
    const form = { scope: 'openid', client_secret: both.client_secret };
    const code = await begin(both, form);
    await approve(code);
    const { body } = await postForm(`${server.url}/auth/token`, {
      grant_type: DEVICE_CODE,
      device_code: code.device_code,
      ...both,
    });
    // Without the refresh grant there is no refresh token.
    expect(Object.keys(body).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'scope',
      'token_type',
    ]);
  });
});

describe('the endpoint of devices refuses', () => {
  it('a client that is not registered for it', async () => {
    const other = await aDevice({ grant_types: ['refresh_token'] });
    expect(await told(ask(other))).toEqual([
      400,
      'unauthorized_client',
      `This client may not use the grant type ${DEVICE_CODE}`,
    ]);
    const { device_code } = await begin();
    expect(await told(poll({ device_code }, other))).toEqual([
      400,
      'unauthorized_client',
      `This client may not use the grant type ${DEVICE_CODE}`,
    ]);
  });

  it('a client that does not exist, or does not prove who it is', async () => {
    const backend = await aDevice({ type: 'confidential' });
    const answers = [ask({ client_id: 'unknown' }), ask(backend), ask(backend, { client_secret: 'wrong' })];
    for (const answer of answers) expect((await told(answer)).slice(0, 2)).toEqual([401, 'invalid_client']);
  });

  it.each([
    ['a scope that is not its own', 'openid email', [400, 'invalid_scope', 'Invalid scopes']],
    ['an unknown scope', 'openid everything', [400, 'invalid_scope', 'Invalid scopes']],
    ['no scope', '', [400, 'invalid_request', "missing required parameter 'scope'"]],
  ])('%s', async (_what, scope, refusal) => {
    const modest = await aDevice({ scopes: ['openid', 'profile'] });
    expect(await told(ask(modest, { scope }))).toEqual(refusal);
  });
});

describe('a device that polls is refused', () => {
  it('what it asks too soon, until it has waited', async () => {
    const code = await begin();
    expect(await told(poll(code))).toEqual(PENDING);
    const slowDown = [
      400,
      'slow_down',
      'you are polling too quickly and should back off at a reasonable rate',
    ];
    expect(await told(poll(code))).toEqual(slowDown);
    await server.database.knex.raw(
      "UPDATE artifacts SET polled_at = polled_at - interval '5 seconds' WHERE polled_at IS NOT NULL",
    );
    expect(await told(poll(code))).toEqual(PENDING);
    // What the person decided is told at once.
    await approve(code);
    expect((await poll(code)).status).toBe(200);
  });

  it('a code that nobody was given, or another client', async () => {
    const code = await begin();
    await approve(code);
    const notValid = [400, 'invalid_grant', 'Device code is not valid'];
    expect(await told(poll({ device_code: 'unknown' }))).toEqual(notValid);
    expect(await told(poll({ device_code: code.user_code }))).toEqual(notValid);
    expect(await told(poll(code, await aDevice()))).toEqual(notValid);
    expect((await poll(code)).status).toBe(200);
  });

  it('a code that expired', async () => {
    const code = await begin();
    await expire(code);
    // Housekeeping leaves it for ten minutes more, so that it can be told.
    const { expires_at } = await rowOf(code).first();
    expect(Math.round((expires_at.getTime() - Date.now()) / 60_000)).toBe(20);
    expect(await told(poll(code))).toEqual([400, 'expired_token', 'Device code expired']);
  });

  it('the tokens a second time, and what the first time gave is ended', async () => {
    const code = await begin();
    await approve(code);
    const { access_token } = (await poll(code)).body as unknown as Tokens;
    expect(await told(poll(code))).toEqual([400, 'invalid_grant', 'Device code already used']);
    expect((await userinfo(server.url, access_token)).status).toBe(401);
  });

  it('the tokens in all but one of ten requests at once', async () => {
    const code = await begin();
    await approve(code);
    const answers = await Promise.all(Array.from({ length: 10 }, () => poll(code)));
    const outcomes = answers.map(({ status, body }) => `${status} ${body.error ?? 'tokens'}`);
    expect(outcomes.sort()).toEqual(['200 tokens', ...Array(9).fill('400 invalid_grant')]);
  });

  it('when the person said no', async () => {
    const code = await begin();
    const browser = openBrowser();
    const page = await browser.get(code.verification_uri_complete);
    expect(seen(await browser.submit(page, '/auth/device', { abort: 'yes' }))).toEqual(CANCELLED);
    expect(await told(poll(code))).toEqual([400, 'access_denied', 'End-User aborted interaction']);
  });

  it('when the person cancelled signing in', async () => {
    const code = await begin();
    const browser = openBrowser();
    const page = await confirm(browser, code);
    expect(page.html).toContain('type="submit">Cancel</button>');
    expect(seen(await browser.follow(await browser.submit(page, '/abort')))).toEqual(CANCELLED);
    expect((await told(poll(code))).slice(0, 2)).toEqual([400, 'access_denied']);
  });

  it('when the person signed out, or was disabled, before it asked', async () => {
    const person = await aPerson(server);
    const browser = openBrowser();
    const first = await begin();
    const second = await begin();
    await approve(first, { browser, person });
    await approve(second, { browser, person });
    const { id_token } = (await poll(first)).body as unknown as Tokens;
    await browser.get(`${server.url}/auth/logout?id_token_hint=${id_token}`);
    expect(await told(poll(second))).toEqual([400, 'invalid_grant', 'Device code is not valid']);

    const third = await begin();
    await approve(third, { person });
    await server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    expect(await told(poll(third))).toEqual([400, 'invalid_grant', 'Device code is not valid']);
  });
});

describe('the page for the code', () => {
  it('asks for it, and finds it however it is written', async () => {
    const browser = openBrowser();
    expect(seen(await browser.get(`${server.url}/auth/device`))).toEqual([200, CODE_PAGE, undefined]);
    const { user_code } = await begin();
    const spellings = [
      user_code,
      user_code.toLowerCase(),
      user_code.replace('-', ''),
      ` ${user_code.replace('-', ' ')} `,
    ];
    for (const spelling of spellings) {
      const page = await browser.get(
        `${server.url}/auth/device?${new URLSearchParams({ user_code: spelling })}`,
      );
      expect(seen(page)).toEqual([200, 'Sign in to Television?', undefined]);
      expect(page.html).toContain(`<p class="device-code">${user_code}</p>`);
    }
  });

  it('always asks whether to go on, also of somebody who is signed in and came by a link', async () => {
    const browser = ada;
    const code = await begin();
    const page = await browser.get(code.verification_uri_complete);
    expect(seen(page)).toEqual([200, 'Sign in to Television?', undefined]);
    expect(page.html).toContain('Only go on if the device is in front of you and shows this code.');
    expect(await told(poll(code))).toEqual(PENDING);
    const asked = await browser.post(`${server.url}/auth/device`, hiddenFields(page));
    expect(seen(asked)).toEqual([200, 'Sign in to Television?', undefined]);
    expect(
      seen(await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'yes' }))),
    ).toEqual([200, 'You are signed in', undefined]);
  });

  it.each([
    ['a code that nobody was given', 'BBBB-BBBB', UNKNOWN],
    ['what is no code', '----', UNKNOWN],
    ['more than a code', 'B'.repeat(5000), UNKNOWN],
  ])('refuses %s', async (_what, user_code, refusal) => {
    const browser = openBrowser();
    const query = new URLSearchParams({ user_code });
    const page = await browser.get(`${server.url}/auth/device?${query}`);
    expect(seen(page)).toEqual(refusal);
    // To be corrected.
    expect(/ value="([^"]*)"/.exec(page.html)?.[1]).toBe(user_code.slice(0, 64));
    expect(seen(await browser.post(`${server.url}/auth/device`, { user_code, confirm: 'yes' }))).toEqual(
      refusal,
    );
  });

  it('refuses a code that expired, was used or denied, or whose client is disabled', async () => {
    const browser = openBrowser();
    const open = async ({ verification_uri_complete }: DeviceAnswer) =>
      seen(await browser.get(verification_uri_complete));

    const expired = await begin();
    await expire(expired);
    expect(await open(expired)).toEqual([
      400,
      CODE_PAGE,
      'That code has expired. Your device can show you a new one.',
    ]);
    const approved = await begin();
    await approve(approved);
    expect(await open(approved)).toEqual(USED);
    await poll(approved);
    expect(await open(approved)).toEqual(USED);
    const denied = await begin();
    const page = await browser.get(denied.verification_uri_complete);
    await browser.submit(page, '/auth/device', { abort: 'yes' });
    expect(await open(denied)).toEqual(USED);
    expect(seen(await browser.submit(page, '/auth/device', { confirm: 'yes' }))).toEqual(USED);

    const device = await aDevice();
    const gone = await begin(device);
    await server.database.knex('clients').where({ id: device.client_id }).update({ disabled_at: new Date() });
    server.services.registration.clear();
    expect(await open(gone)).toEqual(UNKNOWN);
  });

  it('refuses a form that is not its own', async () => {
    const { user_code, verification_uri_complete } = await begin();
    const form = { user_code, confirm: 'yes', xsrf: 'guessed' };
    const browser = openBrowser();
    expect(seen(await browser.post(`${server.url}/auth/device`, form))).toEqual(INTERRUPTED);
    const page = await browser.get(verification_uri_complete);
    expect(seen(await browser.post(`${server.url}/auth/device`, form))).toEqual(INTERRUPTED);
    // The form of another browser.
    const fields = { ...hiddenFields(page), confirm: 'yes' };
    expect(seen(await openBrowser().post(`${server.url}/auth/device`, fields))).toEqual(INTERRUPTED);
  });

  it('lets a person go back and begin again, and of two who finish one counts', async () => {
    const code = await begin();
    const [first, second] = [openBrowser(), openBrowser()];
    const [one, two] = [await confirm(first, code), await confirm(second, code)];
    const other = await aPerson(server);
    const finish = async (browser: Browser, page: Page, { email, password }: typeof ADA) =>
      seen(await browser.follow(await browser.submit(page, '/sign-in', { email, password })));
    expect(await finish(first, one, ADA)).toEqual([200, 'You are signed in', undefined]);
    expect(await finish(second, two, other)).toEqual(USED);
    expect((await userinfo(server.url, String((await poll(code)).body.access_token))).body.sub).toBe(ADA.id);
  });

  it('gives one approval to one of many at once, and one grant', async () => {
    const code = await begin();
    const pages = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const browser = openBrowser();
        const page = await confirm(browser, code);
        return browser
          .submit(page, '/sign-in', { email: ADA.email, password: ADA.password })
          .then((next) => ({
            browser,
            next,
          }));
      }),
    );
    const ends = await Promise.all(
      pages.map(async ({ browser, next }) => headingOf(await browser.follow(next))),
    );
    expect(ends.sort()).toEqual([...Array(4).fill(CODE_PAGE), 'You are signed in']);
    const grants = await server.database
      .knex('artifacts')
      .where({ model: 'DeviceCode' })
      .whereNotNull('grant_id');
    expect(new Set(grants.map(({ grant_id }) => grant_id)).size).toBe(grants.length);
    expect((await poll(code)).status).toBe(200);
  });

  it('approves nothing for somebody who was disabled or signed out at that very moment', async () => {
    const { deviceCodes } = server.services;
    const { user_code } = await begin();
    const { handle = '' } = (await deviceCodes.findByUserCode(user_code.replace('-', ''))) ?? {};
    const gone = await aPerson(server, { disabled_at: new Date() });
    const approveFor = (personId: string, sessionIsNew: boolean) =>
      deviceCodes.approve(
        handle,
        { accountId: personId },
        {
          id: handle,
          personId,
          clientId: television.client_id,
          sessionUid: 'ended',
          sessionIsNew,
          payload: {},
          expiresAt: new Date(Date.now() + 60_000),
        },
      );
    expect([await approveFor(gone.id, true), await approveFor(ADA.id, false)]).toEqual([false, false]);
    expect(await server.database.knex('grants').where({ id: handle })).toEqual([]);
    // The code is as it was, and the first decision is the last.
    expect([await approveFor(ADA.id, true), await approveFor(ADA.id, true)]).toEqual([true, false]);
    expect(await deviceCodes.deny(handle, { error: 'access_denied' })).toBe(false);
  });

  it('says that a sign-in is over which was finished in another tab', async () => {
    const browser = openBrowser();
    const code = await begin();
    const page = await confirm(browser, code);
    const { email, password } = ADA;
    const back = await browser.submit(page, '/sign-in', { email, password });
    const resumed = await Promise.all([1, 2, 3].map(() => browser.get(back.location ?? '')));
    expect(resumed.map(seen).sort()).toEqual([
      [200, 'You are signed in', undefined],
      INTERRUPTED,
      INTERRUPTED,
    ]);
    expect((await poll(code)).status).toBe(200);
  });

  it('counts the codes that somebody tries, and refuses after too many', async () => {
    const strict = await startTestServer({ env: { FAILURES_PER_MINUTE: '3' } });
    try {
      const device = await aClient(strict, { type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] });
      const { body } = await postForm(`${strict.url}/auth/device_authorization`, {
        ...device,
        scope: 'openid',
      });
      const open = async (user_code: string) =>
        (await openBrowser().get(`${strict.url}/auth/device?user_code=${user_code}`)).status;
      // Those that are right do not count.
      for (let i = 0; i < 5; i += 1) expect(await open(String(body.user_code))).toBe(200);
      const guesses = await Promise.all(
        ['BBBBBBBB', 'CCCCCCCC', 'DDDDDDDD', 'FFFFFFFF', 'GGGGGGGG'].map(open),
      );
      expect(guesses.sort()).toEqual([400, 400, 400, 429, 429]);
      expect(await open(String(body.user_code))).toBe(429);
    } finally {
      await strict.close();
    }
  });
});

describe('signing in on a device', () => {
  it('happens in the instance of its client, whoever is signed in to another', async () => {
    const instance_id = await anInstance(server, { name: 'Globex' });
    const person = await aPerson(server, { instance_id });
    const device = await aDevice({ instance_id, name: 'Printer' });
    const browser = ada;
    const code = await begin(device);

    const asked = await browser.get(code.verification_uri_complete);
    expect(asked.html).toContain('with your <strong>Globex</strong> account');
    const page = await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'yes' }));
    expect(headingOf(page)).toBe('Sign in to Globex');
    const { email, password } = person;
    const done = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
    expect(headingOf(done)).toBe('You are signed in');
    const { access_token } = (await poll(code, device)).body as unknown as Tokens;
    expect((await userinfo(server.url, access_token)).body.sub).toBe(person.id);

    const still = await browser.get(authorizationUrl(server.url, { prompt: 'none', scope: 'openid' }));
    expect(new URL(still.location ?? '').searchParams.has('code')).toBe(true);
  });

  it('asks for consent where the registration says so, and remembers it', async () => {
    const device = await aDevice({ require_consent: true, name: 'Speaker' });
    const browser = openBrowser();
    const code = await begin(device);
    const page = await approve(code, { browser });
    expect(headingOf(page)).toBe('Share with Speaker?');
    const done = await browser.follow(await browser.submit(page, '/consent', { decision: 'allow' }));
    expect(headingOf(done)).toBe('You are signed in');
    expect((await poll(code, device)).body.scope).toBe('openid profile');
    expect(headingOf(await approve(await begin(device), { browser }))).toBe('You are signed in');
  });

  it('ends at the consent that is refused', async () => {
    const device = await aDevice({ require_consent: true });
    const browser = openBrowser();
    const code = await begin(device);
    const page = await approve(code, { browser });
    const end = await browser.follow(await browser.submit(page, '/consent', { decision: 'deny' }));
    expect(seen(end)).toEqual(CANCELLED);
    expect(await told(poll(code, device))).toEqual([400, 'access_denied', 'User denied authorization']);
  });

  it('leaves nothing in the database that anybody could use', async () => {
    const device = await aDevice({ type: 'confidential' });
    const { client_secret } = device;
    const first = await begin(device, { client_secret });
    await approve(first);
    const id_token_hint = String((await poll(first, device)).body.id_token);
    const code = await begin(device, { client_secret, id_token_hint });
    const browser = openBrowser();
    const page = await confirm(browser, code);
    const { rows } = await server.database.knex.raw('SELECT to_jsonb(a)::text AS row FROM artifacts a');
    const dump: string = rows.map(({ row }: { row: string }) => row).join('\n');
    expect(dump).toContain(device.client_id);
    const userCode = code.user_code.replace('-', '');
    // Nor what a short code could be guessed from.
    const guessable = [Buffer.from(userCode), createHash('sha256').update(userCode).digest()];
    const shown = [code.device_code, code.user_code, userCode, client_secret, 'eyJ'];
    for (const secret of [...shown, ...guessable.map((bytes) => bytes.toString('hex'))])
      expect(dump).not.toContain(secret);
    // What the interaction knows the code by is in the dump, and no use to whoever polls with it.
    const { payload } = await server.database
      .knex('artifacts')
      .where({ model: 'Interaction' })
      .orderBy('expires_at', 'desc')
      .first();
    await browser.submit(page, '/sign-in', { email: ADA.email, password: ADA.password });
    expect(await told(poll({ device_code: payload.deviceCode }, device))).toEqual([
      400,
      'invalid_grant',
      'Device code is not valid',
    ]);
  });

  it('finds the codes of a key that is replaced for as long as the key is there', async () => {
    const { knex } = server.database;
    const [old, next] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const expiresAt = new Date(Date.now() + 60_000);
    const created = { deviceCode: 'of the old key', userCode: 'BCDFGHJK', payload: {}, expiresAt };
    await createDeviceCodeStore(knex, [old]).create(created);
    const found = (keys: Buffer[]) => createDeviceCodeStore(knex, keys).findByUserCode('BCDFGHJK');
    expect([await found([next, old]), await found([next])]).toEqual([
      { handle: expect.any(String), payload: {}, consumed: false },
      undefined,
    ]);
  });

  it('has no codes in the log', async () => {
    const code = await begin();
    await approve(code);
    await poll(code);
    const log = JSON.stringify(server.logLines());
    expect(log).toContain('"path":"/auth/device/:uid"');
    for (const secret of [code.device_code, code.user_code]) expect(log).not.toContain(secret);
  });
});

function hiddenFields({ html }: Page): Record<string, string> {
  const fields = html.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g);
  return Object.fromEntries([...fields].map(([, name, value]) => [name, value]));
}

function rowOf({ device_code }: DeviceAnswer) {
  const id_hash = createHash('sha256').update(device_code).digest();
  return server.database.knex('artifacts').where({ model: 'DeviceCode', id_hash });
}

async function expire(code: DeviceAnswer): Promise<void> {
  const { payload } = await rowOf(code).first();
  const exp = Math.floor(Date.now() / 1000) - 1;
  await rowOf(code).update({ payload: JSON.stringify({ ...payload, exp }) });
}
