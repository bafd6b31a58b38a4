import { type Browser, openBrowser, type Page } from '../support/browser.ts';
import { aClient, aPerson, type TestClient } from '../support/factories.ts';
import { authorizationUrl, exchange, refresh, userinfo } from '../support/relying-party.ts';
import { withStillTime } from '../support/still-time.ts';
import { freePort, startTestServer, type TestServer, unique } from '../support/test-server.ts';
import {
  startUpstreamIdp,
  UPSTREAM_SECRET,
  type UpstreamIdp,
  type UpstreamPerson,
} from '../support/upstream-idp.ts';

const CLIENT = 'http://127.0.0.1:9999/callback';
const CODE = { code: expect.any(String), state: 'kept', iss: expect.any(String) };

let server: TestServer;
let idp: UpstreamIdp;
/** Of an instance where whoever is new becomes a person, and of one where they do not. */
let open: TestClient;
let closed: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  idp = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
  open = await aTenant('open', { first_sign_in: 'create' });
  closed = await aTenant('closed');
});
afterAll(async () => {
  await server.close();
  await idp.close();
});
beforeEach(() => {
  idp.person = undefined;
  idp.alterIdToken = undefined;
  idp.alterDiscovery = undefined;
  idp.signsWithUnknownKey = false;
  idp.tokenEndpoint = 'up';
  idp.userinfo = 'up';
  idp.requests.length = 0;
  idp.authorizations.length = 0;
});

/** An instance with an upstream provider, and its application. */
async function aTenant(
  id: string,
  {
    secret = UPSTREAM_SECRET,
    ...columns
  }: {
    secret?: string | null;
    first_sign_in?: 'create' | 'refuse';
    issuer?: string;
    client_id?: string;
    claim_mapping?: object;
  } = {},
): Promise<TestClient> {
  const client_secret_sealed = secret && server.services.box.seal(secret, `upstream:${id}`);
  await server.database.knex.transaction(async (trx) => {
    await trx('instances').insert({ id, name: `The ${id} company`, authentication: 'oidc' });
    await trx('upstream_providers').insert({
      instance_id: id,
      issuer: idp.issuer,
      client_id: 'listo',
      client_secret_sealed,
      ...columns,
    });
  });
  return aClient(server, { instance_id: id });
}

function authorize(
  browser: Browser,
  { client_id, redirect_uri }: TestClient,
  parameters: Record<string, string> = {},
): Promise<Page> {
  return browser.get(authorizationUrl(server.url, { client_id, redirect_uri, state: 'kept', ...parameters }));
}

/** Signs in, up to a page or the redirect to the client. */
async function signIn(
  client: TestClient,
  person: UpstreamPerson | undefined,
  {
    browser = openBrowser(),
    parameters = {},
  }: { browser?: Browser; parameters?: Record<string, string> } = {},
): Promise<Page> {
  idp.person = person;
  return browser.follow(await authorize(browser, client, parameters), CLIENT);
}

/** Signs in upstream, and stops before the answer is brought here. */
async function callbackOf(client: TestClient, person: UpstreamPerson, browser: Browser): Promise<URL> {
  idp.person = person;
  const callback = `${server.url}/auth/upstream/callback`;
  return new URL((await browser.follow(await authorize(browser, client), callback)).location ?? '');
}

async function claimsAfter(page: Page, client: TestClient): Promise<Record<string, unknown>> {
  const { body } = await exchange(server.url, answerOf(page).code ?? '', { ...client });
  return (await userinfo(server.url, String(body.access_token))).body;
}

const answerOf = ({ location, html }: Page): Record<string, string> => {
  if (location === undefined) throw new Error(`A page instead of a redirect:\n${html}`);
  return Object.fromEntries(new URL(location).searchParams);
};
const pageOf = ({ status, html }: Page) => [status, /<p class="lead">([^<]*)<\/p>/.exec(html)?.[1]];
const somebody = (claims: Record<string, unknown> = {}): UpstreamPerson => ({ sub: unique('sub'), claims });

const NO_ACCESS = [
  403,
  'You signed in at your company, but have no access here. Please ask your administrator for it.',
];
const AWAY = [
  503,
  'Your company’s sign-in service cannot be reached just now. Please try again in a moment.',
];
const UNUSABLE = [
  400,
  'The answer of your company’s sign-in service could not be used. Please go back to the application and sign in again.',
];

describe('signing in through a customer’s own provider', () => {
  it('asks it for a code with PKCE, a nonce and a state, and takes the person it names', async () => {
    const person = somebody({ name: 'Katherine Johnson', email: 'kj@nasa.example', email_verified: true });
    const page = await signIn(open, person);
    expect(answerOf(page)).toEqual(CODE);
    expect(idp.requests).toEqual([
      {
        client_id: 'listo',
        response_type: 'code',
        redirect_uri: `${server.url}/auth/upstream/callback`,
        scope: 'openid profile email',
        state: expect.stringMatching(/^[\w-]{43}\.[\w-]{32}$/),
        nonce: expect.stringMatching(/^[\w-]{22}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      },
    ]);
    expect(await claimsAfter(page, open)).toEqual({
      sub: expect.not.stringMatching(person.sub),
      name: 'Katherine Johnson',
      email: 'kj@nasa.example',
      email_verified: true,
      workerIds: [],
      userIds: [],
    });
  });

  it('is silent for whoever is signed in here already', async () => {
    const browser = openBrowser();
    await signIn(open, somebody(), { browser });
    const again = await authorize(browser, open);
    expect(answerOf(again)).toEqual(CODE);
    expect(idp.requests.length).toBe(1);
  });

  it('finds the same person by issuer and subject, and takes over what changed', async () => {
    const person = somebody({ email: 'before@nasa.example', email_verified: true, given_name: 'Dorothy' });
    const before = await claimsAfter(await signIn(open, person), open);
    const renamed = {
      ...person,
      claims: { email: 'after@nasa.example', given_name: 'Dorothy', family_name: 'Vaughan' },
    };
    const after = await claimsAfter(await signIn(open, renamed), open);
    expect(after).toEqual({
      sub: before.sub,
      name: 'Dorothy Vaughan',
      firstName: 'Dorothy',
      lastName: 'Vaughan',
      email: 'after@nasa.example',
      email_verified: false,
      workerIds: [],
      userIds: [],
    });
  });

  it('never takes somebody for another by e-mail address', async () => {
    const email = 'boss@open.example';
    const boss = await aPerson(server, { instance_id: 'open', email });
    const first = await claimsAfter(await signIn(open, somebody({ email, email_verified: true })), open);
    const second = await claimsAfter(await signIn(open, somebody({ email, email_verified: true })), open);
    expect(new Set([boss.id, first.sub, second.sub]).size).toBe(3);
  });

  it('believes that an address is verified only when the provider says true', async () => {
    const said = ['true', 1, null, undefined, false, true];
    const taken = [];
    for (const email_verified of said) {
      const page = await signIn(open, somebody({ email: 'x@y.example', email_verified }));
      taken.push((await claimsAfter(page, open)).email_verified);
    }
    expect(taken).toEqual([false, false, false, false, false, true]);
  });

  it('reads the claims that the instance maps', async () => {
    const claim_mapping = { email: 'mail', first_name: 'given', worker_profile_id: 'employee' };
    const client = await aTenant('mapped', { first_sign_in: 'create', claim_mapping });
    const page = await signIn(
      client,
      somebody({ mail: 'm@m.example', email: 'not@this.one', given: 'Mary', employee: 'E-17' }),
    );
    expect(await claimsAfter(page, client)).toMatchObject({
      email: 'm@m.example',
      name: 'Mary',
      firstName: 'Mary',
      workerProfileId: 'E-17',
    });
  });

  it('does without userinfo where the provider’s own token is not taken there', async () => {
    idp.userinfo = 'refusing';
    idp.alterIdToken = (claims) => ({ ...claims, email: 'in@the.token' });
    expect((await claimsAfter(await signIn(open, somebody()), open)).email).toBe('in@the.token');
  });

  it('makes one person of two first sign-ins at once', async () => {
    const person = somebody({ name: 'Twice' });
    const browsers = [openBrowser(), openBrowser(), openBrowser()];
    const callbacks: URL[] = [];
    for (const browser of browsers) callbacks.push(await callbackOf(open, person, browser));
    const pages = await Promise.all(
      browsers.map(async (browser, index) =>
        browser.follow(await browser.get(callbacks[index]?.href ?? ''), CLIENT),
      ),
    );
    const subjects = [];
    for (const page of pages) subjects.push((await claimsAfter(page, open)).sub);
    expect(new Set(subjects).size).toBe(1);
    expect(await server.database.knex('people').where({ name: 'Twice' }).pluck('id')).toEqual([subjects[0]]);
  });

  it('authenticates as the provider’s metadata asks, or by PKCE alone', async () => {
    const post = await aTenant('post', { first_sign_in: 'create', client_id: 'listo-post' });
    const none = await aTenant('public', {
      first_sign_in: 'create',
      client_id: 'listo-public',
      secret: null,
    });
    await signIn(open, somebody());
    idp.alterDiscovery = (metadata) => ({
      ...metadata,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    });
    const pages = [await signIn(post, somebody()), await signIn(none, somebody())];
    expect(pages.map(answerOf)).toEqual([CODE, CODE]);
    expect(idp.authorizations).toEqual(['Basic', '', '']);
  });
});

describe('whoever is new', () => {
  it('is refused where the instance knows its people, until they are registered', async () => {
    const person = somebody({ name: 'Admitted' });
    expect(pageOf(await signIn(closed, person))).toEqual(NO_ACCESS);

    const { id, email } = await aPerson(server, { instance_id: 'closed' });
    await server.database
      .knex('upstream_identities')
      .insert({ instance_id: 'closed', issuer: idp.issuer, subject: person.sub, person_id: id });
    const page = await signIn(closed, person);
    // The address is what they sign in with by password, wherever that is still done: not the provider's to change.
    expect(await claimsAfter(page, closed)).toMatchObject({ sub: id, name: 'Admitted', email });
  });

  it('is new in each instance, though the provider is the same', async () => {
    const other = await aTenant('other', { first_sign_in: 'create' });
    const person = somebody();
    const subjects = [
      (await claimsAfter(await signIn(open, person), open)).sub,
      (await claimsAfter(await signIn(other, person), other)).sub,
    ];
    expect(new Set(subjects).size).toBe(2);
    expect(pageOf(await signIn(closed, person))).toEqual(NO_ACCESS);
  });

  it('and was disabled since is refused', async () => {
    const person = somebody();
    const { sub } = await claimsAfter(await signIn(open, person), open);
    await server.database
      .knex('people')
      .where({ id: String(sub) })
      .update({ disabled_at: new Date() });
    expect(pageOf(await signIn(open, person))).toEqual(NO_ACCESS);
  });
});

describe('signing in again through the provider', () => {
  it('passes on what the application asks for', async () => {
    await signIn(open, somebody(), {
      parameters: { prompt: 'login', login_hint: 'kj@nasa.example', max_age: '600' },
    });
    expect(idp.requests.map(({ prompt, login_hint, max_age }) => ({ prompt, login_hint, max_age }))).toEqual([
      { prompt: 'login', login_hint: 'kj@nasa.example', max_age: '600' },
    ]);
  });

  it('is asked of the provider when the session here is older than the application takes', async () => {
    const browser = openBrowser();
    const person = somebody();
    await signIn(open, person, { browser });
    await withStillTime(async (time) => {
      time.forward(100);
      await signIn(open, person, { browser, parameters: { max_age: '200' } });
      expect(idp.requests.length).toBe(1);
      const page = await signIn(open, person, { browser, parameters: { max_age: '50' } });
      expect(answerOf(page)).toEqual(CODE);
      expect(idp.requests[1]).toMatchObject({ prompt: 'login', max_age: '50' });
    });
  });

  it('is not taken for new when the provider says that it is old', async () => {
    const now = Math.floor(Date.now() / 1000);
    idp.alterIdToken = (claims) => ({ ...claims, auth_time: now - 3600 });
    const again = { login: { prompt: 'login' }, recent: { max_age: '600' }, enough: { max_age: '7200' } };
    const answers = [];
    for (const parameters of Object.values(again))
      answers.push(answerOf(await signIn(open, somebody(), { parameters } as never)));
    const refused = {
      error: 'login_required',
      error_description: 'The requested person did not sign in',
      state: 'kept',
      iss: server.url,
    };
    expect(answers).toEqual([refused, refused, CODE]);
  });

  it('as somebody else ends the session of the first, and what was given in it', async () => {
    const browser = openBrowser();
    const first = answerOf(await signIn(open, somebody({ name: 'First' }), { browser }));
    const tokens = (await exchange(server.url, first.code ?? '', { ...open })).body;
    const second = await signIn(open, somebody({ name: 'Second' }), {
      browser,
      parameters: { prompt: 'login' },
    });
    expect((await claimsAfter(second, open)).name).toBe('Second');
    expect((await userinfo(server.url, String(tokens.access_token))).status).toBe(401);
    const refreshed = await refresh(server.url, String(tokens.refresh_token), { ...open });
    expect(refreshed.body.error).toBe('invalid_grant');
  });

  it('as somebody else than the application hinted at is told to it, and changes nothing', async () => {
    const browser = openBrowser();
    const first = answerOf(await signIn(open, somebody({ name: 'First' }), { browser }));
    const { id_token } = (await exchange(server.url, first.code ?? '', { ...open })).body;
    const parameters = { prompt: 'login', id_token_hint: String(id_token) };
    const page = await signIn(open, somebody(), { browser, parameters });
    expect(answerOf(page).error).toBe('login_required');
    expect((await claimsAfter(await authorize(browser, open), open)).name).toBe('First');
  });
});

describe('an answer that says no', () => {
  it('is told to the application', async () => {
    expect(answerOf(await signIn(open, undefined))).toEqual({
      error: 'access_denied',
      error_description: 'Signing in was refused or cancelled',
      state: 'kept',
      iss: server.url,
    });
  });

  it.each([
    ['temporarily_unavailable', AWAY],
    ['server_error', AWAY],
    ['invalid_scope', UNUSABLE],
    ['<script>', UNUSABLE],
  ])('because of %s is a page', async (error, expected) => {
    const browser = openBrowser();
    const callback = await callbackOf(open, somebody(), browser);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', error);
    expect(pageOf(await browser.follow(await browser.get(callback.href)))).toEqual(expected);
    const line = server.logLines().findLast(({ path }) => path === '/interaction/:uid/upstream');
    expect(line?.detail).toBe(error === '<script>' ? undefined : error);
  });
});

describe('a provider that is away', () => {
  it('when the sign-in starts, is a page that says when to try again, and works then', async () => {
    const port = await freePort();
    const client = await aTenant('away', {
      issuer: `http://localhost:${port}`,
      first_sign_in: 'create',
    });
    const browser = openBrowser();
    const page = await browser.follow(await authorize(browser, client));
    expect(pageOf(page)).toEqual(AWAY);
    expect(page.headers.get('retry-after')).toBe('10');

    await server.database
      .knex('upstream_providers')
      .where({ instance_id: 'away' })
      .update({ issuer: idp.issuer });
    idp.person = somebody();
    expect(answerOf(await browser.follow(await browser.get(page.url), CLIENT))).toEqual(CODE);
  });

  it.each(['cut off', 'failing'] as const)(
    '(%s) when the answer is redeemed, is the same page',
    async (how) => {
      idp.tokenEndpoint = how;
      const page = await signIn(open, somebody());
      expect(pageOf(page)).toEqual(AWAY);
      expect(page.headers.get('retry-after')).toBe('10');
    },
  );
});

describe('an answer that could be forged', () => {
  it('is taken once', async () => {
    const browser = openBrowser();
    const callback = await callbackOf(open, somebody(), browser);
    const forwarded = await browser.get(callback.href);
    const answers = await Promise.all([
      browser.get(forwarded.location ?? ''),
      browser.get(forwarded.location ?? ''),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
    expect(pageOf(await browser.follow(await browser.get(callback.href)))).toEqual(UNUSABLE);
  });

  it('is refused in another browser, which would be signed in as somebody else', async () => {
    const callback = await callbackOf(open, somebody(), openBrowser());
    const victim = openBrowser();
    const page = await victim.follow(await victim.get(callback.href));
    expect(page.status).toBe(400);
    expect(answerOf(await authorize(victim, open, { prompt: 'none' })).error).toBe('login_required');
  });

  it('is refused with the state of another sign-in, a changed one, or none', async () => {
    const browser = openBrowser();
    const one = await callbackOf(open, somebody(), browser);
    const other = await callbackOf(open, somebody(), browser);
    const [uid] = (one.searchParams.get('state') ?? '').split('.');
    const changes: ((url: URL) => void)[] = [
      (url) => url.searchParams.set('state', `${uid}.changed-state-that-nobody-issued`),
      (url) => url.searchParams.append('state', 'twice'),
      (url) => url.searchParams.delete('state'),
      (url) => url.searchParams.set('state', '..%2f..%2fevil'),
    ];
    for (const change of changes) {
      const url = new URL(one);
      change(url);
      expect(pageOf(await browser.follow(await browser.get(url.href)))).toEqual(UNUSABLE);
    }
    const crossed = await browser.get(`${server.url}/interaction/${uid}/upstream${other.search}`);
    expect(pageOf(crossed)).toEqual(UNUSABLE);
  });

  it.each([
    ['the code of somebody else', (url: URL) => url.searchParams.set('code', 'injected')],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['two codes', (url: URL) => url.searchParams.append('code', 'another')],
    ['the issuer of another provider', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer, though the provider says it sends one', (url: URL) => url.searchParams.delete('iss')],
  ])('is refused with %s', async (_what, change) => {
    const browser = openBrowser();
    const callback = await callbackOf(open, somebody(), browser);
    change(callback);
    expect(pageOf(await browser.follow(await browser.get(callback.href), CLIENT))).toEqual(UNUSABLE);
  });

  it('is refused with a code that was asked for under another nonce', async () => {
    const browser = openBrowser();
    idp.person = somebody();
    const started = await browser.follow(await authorize(browser, open), idp.issuer);
    const changed = new URL(started.location ?? '');
    changed.searchParams.set('nonce', 'of-the-attacker');
    const page = await browser.follow(await browser.get(changed.href), CLIENT);
    expect(pageOf(page)).toEqual(UNUSABLE);
  });

  it.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'somebody-else' }],
    ['that has expired', { exp: 1 }],
    ['without a subject', { sub: undefined }],
    ['whose subject is too long', { sub: 'x'.repeat(256) }],
  ])('is refused with an ID token %s', async (_what, change) => {
    idp.alterIdToken = (claims) => ({ ...claims, ...change }) as typeof claims;
    idp.userinfo = 'refusing';
    expect(pageOf(await signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it('is refused with an ID token that the provider did not sign', async () => {
    idp.signsWithUnknownKey = true;
    expect(pageOf(await signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it('is refused ten minutes after it was asked for', async () => {
    const browser = openBrowser();
    const callback = await callbackOf(open, somebody(), browser);
    await withStillTime(async (time) => {
      time.forward(10 * 60 + 1);
      expect(pageOf(await browser.follow(await browser.get(callback.href), CLIENT))).toEqual(UNUSABLE);
    });
  });

  it('leads nowhere but to a page of ours', async () => {
    const state = 'https://evil.example/aaaaaaaaaa.bbbb';
    const page = await openBrowser().get(
      `${server.url}/auth/upstream/callback?${new URLSearchParams({ state })}`,
    );
    expect([page.status, page.location]).toEqual([400, undefined]);
    const broken = await openBrowser().get(`${server.url}/auth/upstream/callback?state=%zz`);
    expect(broken.status).toBe(400);
  });
});

describe('what is kept of a sign-in under way', () => {
  it('says nothing to whoever reads the database', async () => {
    const browser = openBrowser();
    idp.person = somebody();
    const started = await browser.follow(await authorize(browser, open), idp.issuer);
    const { state, nonce, code_challenge } = Object.fromEntries(new URL(started.location ?? '').searchParams);
    const rows = JSON.stringify(await server.database.knex('upstream_sign_ins').select());
    for (const secret of [state, nonce, code_challenge]) expect(rows).not.toContain(secret);
    const [{ client_secret_sealed }] = await server.database
      .knex('upstream_providers')
      .where({ instance_id: 'open' });
    expect(client_secret_sealed).toMatch(/^sealed:v1:/);
    const log = JSON.stringify(server.logLines());
    for (const secret of [UPSTREAM_SECRET, state, nonce]) expect(log).not.toContain(secret);
  });
});

it('offers no password form on an instance that has its own provider', async () => {
  const browser = openBrowser();
  const page = await authorize(browser, open);
  const posted = await browser.post(`${page.location}/sign-in`, { email: 'a@b.example', password: 'x' });
  expect([posted.status, posted.location]).toEqual([303, page.location]);
});
