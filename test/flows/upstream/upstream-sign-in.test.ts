import { decodeJwt } from 'jose';
import { openBrowser, redirectOf, statusAndMessage } from '../../support/browsers/browser.ts';
import { exchange, explainedAt, refresh, userinfo } from '../../support/clients/relying-party.ts';
import { aPerson, type TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  answerOf,
  CLIENT,
  CODE,
  NO_ACCESS,
  somebody,
  startUpstreamWorld,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
let idp: UpstreamIdp;
/** Clients of an instance where new people are created, and of one where they are not. */
let open: TestClient;
let closed: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server, idp } = world);
  open = await world.aTenant('open', { first_sign_in: 'create' });
  closed = await world.aTenant('closed');
});
afterAll(() => world.close());
beforeEach(() => {
  idp.alterIdToken = undefined;
  idp.alterDiscovery = undefined;
  idp.userinfo = 'up';
  idp.requests.length = 0;
  idp.authorizations.length = 0;
});

describe('signing in through a customer’s own provider', () => {
  it('asks it for a code with PKCE, a nonce and a state, and takes the person it names', async () => {
    const person = somebody({ name: 'Katherine Johnson', email: 'kj@nasa.example', email_verified: true });
    const page = await world.signIn(open, person);
    expect(answerOf(page)).toEqual(CODE);
    expect(idp.requests).toEqual([
      {
        client_id: 'listo',
        response_type: 'code',
        redirect_uri: `${server.url}/auth/upstream/callback/open`,
        scope: 'openid profile email',
        state: expect.stringMatching(/^[\w-]{43}\.[\w-]{32}$/),
        nonce: expect.stringMatching(/^[\w-]{22}$/),
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        code_challenge_method: 'S256',
      },
    ]);
    expect(await world.claimsAfter(page, open)).toEqual({
      sub: expect.not.stringMatching(person.sub),
      name: 'Katherine Johnson',
      email: 'kj@nasa.example',
      email_verified: true,
      preferred_username: 'kj@nasa.example',
      updated_at: expect.any(Number),
      workerIds: [],
      userIds: [],
    });
  });

  it('is silent for whoever is signed in here already', async () => {
    const browser = openBrowser();
    await world.signIn(open, somebody(), { browser });
    const again = await world.authorize(browser, open);
    expect(answerOf(again)).toEqual(CODE);
    expect(idp.requests.length).toBe(1);
  });

  it('finds the same person by issuer and subject, and takes over what changed', async () => {
    const person = somebody({ email: 'before@nasa.example', email_verified: true, given_name: 'Dorothy' });
    const before = await world.claimsAfter(await world.signIn(open, person), open);
    const renamed = {
      ...person,
      claims: { email: 'after@nasa.example', given_name: 'Dorothy', family_name: 'Vaughan' },
    };
    const after = await world.claimsAfter(await world.signIn(open, renamed), open);
    expect(after).toEqual({
      sub: before.sub,
      name: 'Dorothy Vaughan',
      firstName: 'Dorothy',
      lastName: 'Vaughan',
      given_name: 'Dorothy',
      family_name: 'Vaughan',
      email: 'after@nasa.example',
      email_verified: false,
      preferred_username: 'after@nasa.example',
      updated_at: expect.any(Number),
      workerIds: [],
      userIds: [],
    });
  });

  it('never takes somebody for another by e-mail address', async () => {
    const email = 'boss@open.example';
    const boss = await aPerson(server, { instance_id: 'open', email });
    const first = await world.claimsAfter(
      await world.signIn(open, somebody({ email, email_verified: true })),
      open,
    );
    const second = await world.claimsAfter(
      await world.signIn(open, somebody({ email, email_verified: true })),
      open,
    );
    expect(new Set([boss.id, first.sub, second.sub]).size).toBe(3);
  });

  it('believes that an address is verified only when the provider says true, also as text', async () => {
    const said = ['true', true, 'false', false, 'yes'];
    const taken = [];
    for (const email_verified of said) {
      const page = await world.signIn(open, somebody({ email: 'x@y.example', email_verified }));
      taken.push((await world.claimsAfter(page, open)).email_verified);
    }
    expect(taken).toEqual([true, true, false, false, false]);
  });

  it('reads the claims that the instance maps', async () => {
    const claim_mapping = { email: 'mail', first_name: 'given', worker_profile_id: 'employee' };
    const client = await world.aTenant('mapped', { first_sign_in: 'create', claim_mapping });
    const page = await world.signIn(
      client,
      somebody({ mail: 'm@m.example', email: 'not@this.one', given: 'Mary', employee: 'E-17' }),
    );
    expect(await world.claimsAfter(page, client)).toMatchObject({
      email: 'm@m.example',
      name: 'Mary',
      firstName: 'Mary',
      workerProfileId: 'E-17',
    });
  });

  it('does without userinfo where the provider’s own token is not taken there', async () => {
    idp.userinfo = 'refusing';
    idp.alterIdToken = (claims) => ({ ...claims, email: 'in@the.token' });
    expect((await world.claimsAfter(await world.signIn(open, somebody()), open)).email).toBe('in@the.token');
  });

  it('takes whatever claims it is sent, and leaves out what cannot be one', async () => {
    const long = 'x'.repeat(100);
    const oddities = [
      { name: 'x'.repeat(201), given_name: long, family_name: long },
      { email: 'not an address', name: 'NUL \0 inside' },
      { email: 'white\u0085space@example.org', given_name: 17, family_name: ['a'] },
      { email: `${'x'.repeat(250)}@example.org`, name: '  ' },
    ];
    const taken = [];
    for (const claims of oddities)
      taken.push(await world.claimsAfter(await world.signIn(open, somebody(claims)), open));
    const nothing = {
      sub: expect.any(String),
      updated_at: expect.any(Number),
      workerIds: [],
      userIds: [],
    };
    expect(taken).toEqual([
      {
        ...nothing,
        ...{ name: `${long} ${long}`.slice(0, 200), firstName: long, lastName: long },
        ...{ given_name: long, family_name: long },
      },
      nothing,
      nothing,
      nothing,
    ]);
  });

  it('makes one person of two first sign-ins at once', async () => {
    const person = somebody({ name: 'Twice' });
    const browsers = [openBrowser(), openBrowser(), openBrowser()];
    const callbacks: URL[] = [];
    for (const browser of browsers) callbacks.push(await world.callbackOf(open, person, browser));
    const pages = await Promise.all(
      browsers.map(async (browser, index) =>
        browser.follow(await browser.get(callbacks[index]?.href ?? ''), CLIENT),
      ),
    );
    const subjects = [];
    for (const page of pages) subjects.push((await world.claimsAfter(page, open)).sub);
    expect(new Set(subjects).size).toBe(1);
    expect(await server.database.knex('people').where({ name: 'Twice' }).pluck('id')).toEqual([subjects[0]]);
  });

  it('authenticates as the provider’s metadata asks, or by PKCE alone', async () => {
    const post = await world.aTenant('post', { first_sign_in: 'create', client_id: 'listo-post' });
    const none = await world.aTenant('public', {
      first_sign_in: 'create',
      client_id: 'listo-public',
      secret: null,
    });
    await world.signIn(open, somebody());
    idp.alterDiscovery = (metadata) => ({
      ...metadata,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    });
    const pages = [await world.signIn(post, somebody()), await world.signIn(none, somebody())];
    expect(pages.map(answerOf)).toEqual([CODE, CODE]);
    expect(idp.authorizations).toEqual(['Basic', '', '']);
  });
});

describe('whoever is new', () => {
  it('is refused where the instance knows its people, until they are registered', async () => {
    const person = somebody({ name: 'Admitted' });
    expect(statusAndMessage(await world.signIn(closed, person))).toEqual(NO_ACCESS);

    const { id, email } = await aPerson(server, { instance_id: 'closed' });
    await server.database
      .knex('upstream_identities')
      .insert({ instance_id: 'closed', issuer: idp.issuer, subject: person.sub, person_id: id });
    const page = await world.signIn(closed, person);
    // The person may sign in with this address and a password elsewhere, so the provider must not change it.
    expect(await world.claimsAfter(page, closed)).toMatchObject({ sub: id, name: 'Admitted', email });
  });

  it('is new in each instance, though the provider is the same', async () => {
    const other = await world.aTenant('other', { first_sign_in: 'create' });
    const person = somebody();
    const subjects = [
      (await world.claimsAfter(await world.signIn(open, person), open)).sub,
      (await world.claimsAfter(await world.signIn(other, person), other)).sub,
    ];
    expect(new Set(subjects).size).toBe(2);
    expect(statusAndMessage(await world.signIn(closed, person))).toEqual(NO_ACCESS);
  });

  it('and was disabled since is refused', async () => {
    const person = somebody();
    const { sub } = await world.claimsAfter(await world.signIn(open, person), open);
    await server.database
      .knex('people')
      .where({ id: String(sub) })
      .update({ disabled_at: new Date() });
    expect(statusAndMessage(await world.signIn(open, person))).toEqual(NO_ACCESS);
  });
});

describe('signing in again through the provider', () => {
  it('passes on what the application asks for', async () => {
    await world.signIn(open, somebody(), {
      parameters: { prompt: 'login', login_hint: 'kj@nasa.example', max_age: '600' },
    });
    expect(idp.requests.map(({ prompt, login_hint, max_age }) => ({ prompt, login_hint, max_age }))).toEqual([
      { prompt: 'login', login_hint: 'kj@nasa.example', max_age: '600' },
    ]);
  });

  // OIDC Core 2: only a request with max_age obliges a provider to say when the person signed in.
  it('asks for the time of signing in when the application wants a new one', async () => {
    expect(answerOf(await world.signIn(open, somebody(), { parameters: { prompt: 'login' } }))).toEqual(CODE);
    expect(idp.requests.map(({ prompt, max_age }) => ({ prompt, max_age }))).toEqual([
      { prompt: 'login', max_age: '0' },
    ]);
  });

  it('is asked of the provider when the session here is older than the application takes', async () => {
    const browser = openBrowser();
    const person = somebody();
    await world.signIn(open, person, { browser, parameters: { max_age: '200' } });
    await withStillTime(async (time) => {
      time.forward(100);
      await world.signIn(open, person, { browser, parameters: { max_age: '200' } });
      expect(idp.requests.length).toBe(1);
      const page = await world.signIn(open, person, { browser, parameters: { max_age: '50' } });
      expect(answerOf(page)).toEqual(CODE);
      expect(idp.requests[1]).toMatchObject({ prompt: 'login', max_age: '50' });
    });
  });

  it.each<[string, (now: number) => number | undefined]>([
    ['does not say when it was', () => undefined],
    ['says a time in the future', (now) => now + 120],
    ['says it in milliseconds', (now) => now * 1000],
  ])('is not taken for new when the provider %s', async (_what, authTime) => {
    const now = Math.floor(Date.now() / 1000);
    idp.alterIdToken = (claims) => ({ ...claims, auth_time: authTime(now) }) as typeof claims;
    const answers = [];
    for (const parameters of [{ prompt: 'login' }, { max_age: '7200' }, {}])
      answers.push(answerOf(await world.signIn(open, somebody(), { parameters } as never)));
    expect(answers.map(({ error }) => error)).toEqual(['login_required', 'login_required', undefined]);
  });

  it('is asked of the provider again when the sign-in there is older than the session here', async () => {
    const now = Math.floor(Date.now() / 1000);
    const person = somebody();
    const answers = [];
    for (const auth_time of [now - 3600, undefined]) {
      idp.alterIdToken = (claims) => ({ ...claims, auth_time }) as typeof claims;
      const browser = openBrowser();
      await world.signIn(open, person, { browser });
      for (const max_age of ['7200', '600']) {
        const page = await world.authorize(browser, open, { max_age, prompt: 'none' });
        answers.push(answerOf(page).error);
      }
    }
    expect(answers).toEqual([undefined, 'login_required', 'login_required', 'login_required']);
  });

  it.each([undefined, 1])('is not needed where nobody asks how old it is: %s', async (auth_time) => {
    idp.alterIdToken = (claims) => ({ ...claims, auth_time }) as typeof claims;
    const browser = openBrowser();
    await world.signIn(open, somebody(), { browser });
    const page = await world.authorize(browser, open, { prompt: 'none' });
    expect(answerOf(page)).toEqual(CODE);
  });

  it('is told to the application with the time at which the person signed in there', async () => {
    const auth_time = Math.floor(Date.now() / 1000) - 300;
    idp.alterIdToken = (claims) => ({ ...claims, auth_time });
    const page = await world.signIn(open, somebody(), { parameters: { max_age: '600' } });
    const { id_token } = (await exchange(server.url, answerOf(page).code ?? '', { ...open })).body;
    expect(decodeJwt(String(id_token)).auth_time).toBe(auth_time);
  });

  it('is not taken for new when the provider says that it is old', async () => {
    const now = Math.floor(Date.now() / 1000);
    idp.alterIdToken = (claims) => ({ ...claims, auth_time: now - 3600 });
    const again = { login: { prompt: 'login' }, recent: { max_age: '600' }, enough: { max_age: '7200' } };
    const answers = [];
    for (const parameters of Object.values(again))
      answers.push(answerOf(await world.signIn(open, somebody(), { parameters } as never)));
    const refused = {
      error: 'login_required',
      error_description: 'The requested person did not sign in',
      state: 'kept',
      iss: server.url,
      error_uri: explainedAt(server.url),
    };
    expect(answers).toEqual([refused, refused, CODE]);
  });

  it('as somebody else ends the session of the first, and what was given in it', async () => {
    const browser = openBrowser();
    const first = answerOf(await world.signIn(open, somebody({ name: 'First' }), { browser }));
    const tokens = (await exchange(server.url, first.code ?? '', { ...open })).body;
    const second = await world.signIn(open, somebody({ name: 'Second' }), {
      browser,
      parameters: { prompt: 'login' },
    });
    expect((await world.claimsAfter(second, open)).name).toBe('Second');
    expect((await userinfo(server.url, String(tokens.access_token))).status).toBe(401);
    const refreshed = await refresh(server.url, String(tokens.refresh_token), { ...open });
    expect(refreshed.body.error).toBe('invalid_grant');
  });

  it('as somebody else than the application hinted at is told to it, and changes nothing', async () => {
    const browser = openBrowser();
    const first = answerOf(await world.signIn(open, somebody({ name: 'First' }), { browser }));
    const { id_token } = (await exchange(server.url, first.code ?? '', { ...open })).body;
    const parameters = { prompt: 'login', id_token_hint: String(id_token) };
    const page = await world.signIn(open, somebody(), { browser, parameters });
    expect(answerOf(page).error).toBe('login_required');
    expect((await world.claimsAfter(await world.authorize(browser, open), open)).name).toBe('First');
  });
});

it('offers no password form on an instance that has its own provider', async () => {
  const browser = openBrowser();
  const page = await world.authorize(browser, open);
  const { origin, pathname } = new URL(page.location ?? '');
  const posted = await browser.post(`${origin}${pathname}/sign-in`, { email: 'a@b.example', password: 'x' });
  expect(redirectOf(posted)).toEqual({ status: 303, location: page.location });
});
