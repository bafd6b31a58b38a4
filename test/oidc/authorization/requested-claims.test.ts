import { decodeJwt } from 'jose';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import {
  ADA,
  exchange,
  explainedAt,
  passThrough,
  postForm,
  refresh,
  signIn,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const ACR = { one: 'urn:listo:acr:one-factor', two: 'urn:listo:acr:two-factors' };

let server: TestServer;
let browser: Browser;
let client: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  ({ browser } = await signIn(server.url));
  // Elsewhere, people set up what an essential acr needs.
  client = await aClient(server, { second_factor: 'off', passkeys: 'off' });
});
afterAll(() => server.close());

const authorize = ({ client_id, redirect_uri }: TestClient, parameters: Record<string, string>) => {
  const all = { client_id, redirect_uri, response_type: 'code', scope: 'openid', state: 's', ...parameters };
  return `${server.url}/auth/authorize?${new URLSearchParams(all)}`;
};
const answerOf = ({ location = '' }: Page) => Object.fromEntries(new URL(location).searchParams);
const told = (error: string, error_description: string) => ({
  error,
  error_description,
  state: 's',
  iss: server.url,
  error_uri: explainedAt(server.url),
});
const ask = (
  claims: unknown,
  { by = browser, at = client, ...others }: { by?: Browser; at?: TestClient; [name: string]: unknown } = {},
) =>
  by.get(
    authorize(at, {
      claims: typeof claims === 'string' ? claims : JSON.stringify(claims),
      ...(others as object),
    }),
  );

/** The claims about the person that an ID token and userinfo have. */
async function given(code: string | undefined, at: TestClient = client) {
  const { body } = await exchange(server.url, code ?? '', { ...at });
  const about = (claims: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(claims).filter(([name]) =>
        [
          'name',
          'firstName',
          'given_name',
          'family_name',
          'email',
          'email_verified',
          'preferred_username',
          'updated_at',
        ].includes(name),
      ),
    );
  const answer = await userinfo(server.url, String(body.access_token));
  return { tokens: body, idToken: about(decodeJwt(String(body.id_token))), userinfo: about(answer.body) };
}

describe('the parameter claims (OpenID Connect Core section 5.5)', () => {
  it('gives each claim where it is asked for, beside those of the scopes', async () => {
    const claims = {
      id_token: { given_name: null, email: { essential: true } },
      userinfo: { name: { essential: true }, email_verified: null },
    };
    const found = await given(answerOf(await ask(claims)).code);
    expect(found).toMatchObject({
      idToken: { given_name: 'Ada', email: ADA.email },
      userinfo: { name: 'Ada Lovelace', email_verified: true },
    });
    expect(Object.keys(found.idToken)).toEqual(['given_name', 'email']);
    expect(Object.keys(found.userinfo)).toEqual(['name', 'email_verified']);
    const { body } = await refresh(server.url, String(found.tokens.refresh_token), { ...client });
    expect(decodeJwt(String(body.id_token))).toMatchObject({ given_name: 'Ada', email: ADA.email });
  });

  it('gives no claim that no scope of the client gives, essential or not', async () => {
    const narrow = await aClient(server, { scopes: ['openid', 'profile'] });
    const claims = {
      id_token: { email: { essential: true }, preferred_username: null, name: null },
      userinfo: {
        email: null,
        unknown: { essential: true },
        sub: null,
        __proto__: null,
        password_hash: null,
      },
    };
    const { code, ...others } = answerOf(await ask(claims, { at: narrow }));
    expect(others).toEqual({ state: 's', iss: server.url });
    const { idToken, userinfo: atUserinfo } = await given(code, narrow);
    expect({ idToken, atUserinfo }).toEqual({ idToken: { name: 'Ada Lovelace' }, atUserinfo: {} });
  });

  it('gives none that the registration lost since', async () => {
    const losing = await aClient(server, { scopes: ['openid', 'profile', 'email'] });
    const claims = { id_token: { email: null, name: null }, userinfo: { email: null, name: null } };
    const found = await given(answerOf(await ask(claims, { at: losing })).code, losing);
    expect(found.userinfo).toEqual({ name: 'Ada Lovelace', email: ADA.email });
    await server.database
      .knex('clients')
      .where({ id: losing.client_id })
      .update({ scopes: ['openid', 'profile'] });
    await runJob(server, 'watch-versions');
    const { body } = await refresh(server.url, String(found.tokens.refresh_token), { ...losing });
    expect(decodeJwt(String(body.id_token))).toMatchObject({ name: 'Ada Lovelace' });
    expect(decodeJwt(String(body.id_token))).not.toHaveProperty('email');
    expect((await userinfo(server.url, String(body.access_token))).body).not.toHaveProperty('email');
  });

  it('asks for the consent that its claims need, and gives nothing without', async () => {
    const asking = await aClient(server, { require_consent: true });
    const person = await aPerson(server);
    const by = openBrowser();
    const claims = { userinfo: { email: null } };
    const first = await by.follow(await ask(claims, { by, at: asking }));
    const fields = { email: person.email, password: person.password };
    const page = await by.follow(await by.submit(first, '/sign-in', fields), asking.redirect_uri);
    expect(page.html).toContain('See your email address');
    expect(page.html).not.toContain('See your name');
    const refused = await by.submit(page, '/consent', { decision: 'deny' });
    const back = await by.follow(refused, asking.redirect_uri);
    expect(answerOf(back)).toMatchObject({ error: 'access_denied' });
    const again = await by.follow(await ask(claims, { by, at: asking }), asking.redirect_uri);
    const allowed = await passThrough(again, {
      by,
      browser: by,
      person,
      stopAt: asking.redirect_uri,
    } as never);
    expect((await given(answerOf(allowed).code, asking)).userinfo).toEqual({ email: person.email });
    // The decision is remembered, and holds for its scope alone.
    expect(answerOf(await ask(claims, { by, at: asking, prompt: 'none' })).code).toEqual(expect.any(String));
    expect(answerOf(await ask({ userinfo: { name: null } }, { by, at: asking, prompt: 'none' }))).toEqual(
      told('consent_required', 'requested claims not granted'),
    );
  });

  it('is pushed as well', async () => {
    const { client_id, client_secret, redirect_uri } = client;
    const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    const fields = {
      client_id,
      redirect_uri,
      response_type: 'code',
      scope: 'openid',
      claims: '{"userinfo":{"name":null}}',
    };
    const { body } = await postForm(`${server.url}/auth/par`, fields, { authorization: basic });
    const page = await browser.get(authorize(client, { request_uri: String(body.request_uri) }));
    expect((await given(answerOf(page).code)).userinfo).toEqual({ name: 'Ada Lovelace' });
    const wrong = await postForm(
      `${server.url}/auth/par`,
      { ...fields, claims: '{"userinfo":{"name":1}}' },
      { authorization: basic },
    );
    expect({ status: wrong.status, error: wrong.body.error }).toEqual({
      status: 400,
      error: 'invalid_request',
    });
  });

  it.each<[unknown, string]>([
    ['no JSON', 'could not parse the claims parameter JSON'],
    ['[]', 'claims parameter should be a JSON object'],
    ['null', 'claims parameter should be a JSON object'],
    ['{}', 'claims parameter should have userinfo or id_token properties'],
    [{ userinfo: [] }, 'claims.userinfo should be an object'],
    [{ id_token: 'name' }, 'claims.id_token should be an object'],
    [{ id_token: { name: true } }, 'claims.id_token.name must be null or an object'],
    [{ userinfo: { '<b>': 1 } }, 'claims.userinfo.a claim must be null or an object'],
    [
      { id_token: { acr: { essential: 'yes' } } },
      'claims.id_token.acr has an essential that is neither true nor false',
    ],
    [{ id_token: { acr: { value: 1 } } }, 'claims.id_token.acr has a value that is no short text'],
    [
      { id_token: { acr: { values: ACR.one } } },
      'claims.id_token.acr has values that are no short list of texts',
    ],
    [{ id_token: { acr: { values: [] } } }, 'claims.id_token.acr has values that are no short list of texts'],
    [
      { id_token: { sub: { value: 'a'.repeat(256) } } },
      'claims.id_token.sub has a value that is no short text',
    ],
    [
      { id_token: { sub: { values: [ADA.id] } } },
      'claims.id_token.sub has values that are no short list of texts',
    ],
  ])('%j is an invalid_request', async (claims, description) => {
    const answer = answerOf(await ask(claims));
    expect(answer).toEqual(told('invalid_request', description));
  });

  it('is not read further than it is understood', async () => {
    const deep = `{"userinfo":{"name":${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}}}`;
    expect((await given(answerOf(await ask(deep)).code)).userinfo).toEqual({ name: 'Ada Lovelace' });
  });
});

describe('a sub in claims', () => {
  it('is answered about this person alone', async () => {
    const stranger = await aPerson(server);
    const asked = (value: string) => ({ id_token: { sub: { value } } });
    expect(answerOf(await ask(asked(ADA.id), { prompt: 'none' })).code).toEqual(expect.any(String));
    expect(answerOf(await ask(asked(stranger.id), { prompt: 'none' }))).toEqual(
      told('login_required', 'requested subject could not be obtained'),
    );
    // The person who signs in is another one, and cannot go on.
    const by = openBrowser();
    const page = await by.follow(await ask(asked(stranger.id), { by }));
    const wrong = await by.submit(page, '/sign-in', { email: ADA.email, password: ADA.password });
    expect(wrong.location).toBeUndefined();
    const fields = { email: stranger.email, password: stranger.password };
    const right = await by.follow(await by.submit(page, '/sign-in', fields), client.redirect_uri);
    expect(answerOf(right).code).toEqual(expect.any(String));
  });
});

describe('an acr', () => {
  it('of acr_values is voluntary: the ID token says which it is', async () => {
    for (const acr_values of [ACR.one, `${ACR.two} ${ACR.one}`, ACR.two, 'unknown']) {
      const page = await browser.get(authorize(client, { acr_values }));
      const { body } = await exchange(server.url, answerOf(page).code ?? '', { ...client });
      expect(decodeJwt(String(body.id_token)).acr).toBe(ACR.one);
    }
  });

  it('that is essential and met is answered, with acr_values beside it, too', async () => {
    for (const acr of [
      { essential: true, value: ACR.one },
      { essential: true, values: [ACR.two, ACR.one] },
      { essential: true },
    ])
      expect(answerOf(await ask({ id_token: { acr } }, { prompt: 'none' })).code).toEqual(expect.any(String));
    expect(answerOf(await ask({ id_token: { acr: { value: ACR.two } } }, { prompt: 'none' })).code).toEqual(
      expect.any(String),
    );
  });

  const UNMET = 'the acr that the application needs was not reached';

  it('that is essential and unknown fails at once', async () => {
    const claims = { id_token: { acr: { essential: true, value: 'phr' } } };
    for (const others of [{}, { prompt: 'none' }, { acr_values: ACR.one }])
      expect(answerOf(await ask(claims, others))).toEqual(told('unmet_authentication_requirements', UNMET));
  });

  it('that is essential and not met is asked for once, then fails', async () => {
    const claims = { id_token: { acr: { essential: true, values: [ACR.two] } } };
    expect(answerOf(await ask(claims, { prompt: 'none', acr_values: ACR.one }))).toEqual(
      told('unmet_authentication_requirements', UNMET),
    );
    const by = openBrowser();
    const page = await by.follow(await ask(claims, { by }));
    const fields = { email: ADA.email, password: ADA.password };
    const back = await by.follow(await by.submit(page, '/sign-in', fields), client.redirect_uri);
    expect(answerOf(back)).toEqual(told('unmet_authentication_requirements', UNMET));
  });
});
