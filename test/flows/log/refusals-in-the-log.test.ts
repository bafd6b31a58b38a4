import { randomUUID } from 'node:crypto';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, clientAssertion, dpopProof } from '../../support/clients/proofs.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  obtainCode,
  obtainTokens,
  pkce,
  signIn,
  type Tokens,
} from '../../support/clients/relying-party.ts';
import {
  basic,
  DEMO_APP,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  mintIdToken,
  secretClientSql,
} from '../../support/clients/token-provider.ts';
import { aClient, aPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

const { client_id, client_secret, redirect_uri } = DEMO_WEB;
const WEB = { client_id, client_secret };
const WEB_AUTHENTICATED = { client: client_id, clientIs: 'authenticated' };
const WEB_REGISTERED = { client: client_id, clientIs: 'registered' };
const WEB_CLAIMED = { client: client_id, clientIs: 'claimed' };
const CODE = { grantType: 'authorization_code' };
const OTHER_CODE = { grant_type: 'authorization_code', code: 'no-such-code', redirect_uri };

let server: TestServer;
let tokens: Tokens & { refresh_token: string };
/** The id of the authorization that `tokens` came from. */
let grant: string;
const of = () => ({ person: ADA.id, grant });

beforeAll(async () => {
  server = await startTestServer();
  tokens = (await obtainTokens(server.url)) as typeof tokens;
  grant = claimsOf(tokens.access_token).grant_id as string;
});
afterAll(() => server.close());

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}

interface Ask {
  method?: 'GET' | 'POST';
  form?: Record<string, string>;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
}

/** Sends a request, and returns the fields of its line that say whose it was and why it was refused. */
async function lineOf(path: string, { form, json, text, headers = {}, ...more }: Ask = {}) {
  const id = randomUUID();
  const body = form ? new URLSearchParams(form) : json === undefined ? text : JSON.stringify(json);
  await fetch(server.url + path, {
    method: more.method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
    headers: { 'x-request-id': id, ...(json ? { 'content-type': 'application/json' } : {}), ...headers },
  });
  const find = () => server.logLines().find(({ requestId, msg }) => requestId === id && msg === 'request');
  await until('the request is in the log', () => find() !== undefined);
  const { status, client, clientIs, grantType, grant, person, error, detail } = find() ?? {};
  return JSON.parse(JSON.stringify({ status, client, clientIs, grantType, grant, person, error, detail }));
}

const token = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  lineOf('/auth/token', { form, headers });
const authorize = (parameters: Record<string, string | undefined>) =>
  lineOf(authorizationUrl(server.url, parameters).slice(server.url.length));
const userinfo = (accessToken: string, headers: Record<string, string> = {}) =>
  lineOf('/auth/userinfo', { headers: { authorization: `Bearer ${accessToken}`, ...headers } });
const listnr = (authorization: string | undefined, json: unknown) =>
  lineOf(ISSUE_TOKEN, { json, headers: authorization ? { authorization } : {} });

describe('a request that is answered says whose it was:', () => {
  it('authorize, with a person who is signed in and the grant of the code', async () => {
    const { browser } = await signIn(server.url);
    await browser.get(authorizationUrl(server.url));
    const who = { ...WEB_REGISTERED, person: ADA.id };
    await inTheLog('/auth/authorize', who);
    const { grant } =
      server.logLines().findLast((line) => line.path === '/auth/authorize' && line.grant) ?? {};
    const row = await server.database
      .knex('grants')
      .where({ id: String(grant) })
      .first();
    expect(row?.person_id).toBe(ADA.id);
  });

  it('token, userinfo, introspection and revocation', async () => {
    const code = await obtainCode(server.url);
    const exchanged = await token({ ...OTHER_CODE, code, ...WEB });
    expect(exchanged).toEqual({
      status: 200,
      ...WEB_AUTHENTICATED,
      ...CODE,
      person: ADA.id,
      grant: expect.any(String),
    });
    const mine = (await obtainTokens(server.url)) as typeof tokens;
    const about = { person: ADA.id, grant: claimsOf(mine.access_token).grant_id };
    expect(await userinfo(mine.access_token)).toEqual({ status: 200, ...WEB_REGISTERED, ...about });
    for (const presented of [mine.access_token, mine.refresh_token])
      expect(await lineOf('/auth/introspect', { form: { token: presented, ...WEB } })).toEqual({
        status: 200,
        ...WEB_AUTHENTICATED,
        ...about,
      });
    expect(await token({ grant_type: 'refresh_token', refresh_token: mine.refresh_token, ...WEB })).toEqual({
      status: 200,
      ...WEB_AUTHENTICATED,
      ...{ grantType: 'refresh_token', ...about },
    });
    expect(await lineOf('/auth/revoke', { form: { token: mine.access_token, ...WEB } })).toEqual({
      status: 200,
      ...WEB_AUTHENTICATED,
      ...about,
    });
  });

  it('a pushed request, of a client with an assertion and of a public one', async () => {
    const key = await aClientKey();
    const signing = await aClient(server, { jwks: { keys: [key.publicJwk] } });
    const parameters = { response_type: 'code', redirect_uri, scope: 'openid' };
    const pushed = { ...parameters, client_id: signing.client_id };
    const assertion = await clientAssertion(key, { clientId: signing.client_id, audience: server.url });
    expect(await lineOf('/auth/par', { form: { ...pushed, ...assertion } })).toEqual({
      status: 201,
      client: signing.client_id,
      clientIs: 'authenticated',
    });
    expect(await lineOf('/auth/par', { form: { ...pushed, ...assertion } })).toEqual({
      status: 401,
      client: signing.client_id,
      clientIs: 'claimed',
      error: 'invalid_client',
      detail: 'a client assertion may be used once',
    });
    const { code_verifier: _, ...challenge } = pkce();
    expect(
      await lineOf('/auth/par', { form: { ...parameters, ...DEMO_SPA, ...challenge, scope: 'openid' } }),
    ).toEqual({ status: 201, client: DEMO_SPA.client_id, clientIs: 'registered' });
  });

  it('LiSTNR, of a backend and of a person', async () => {
    const request = { client_id: DEMO_SERVICE.id, subject: 'somebody' };
    expect(await listnr(DEMO_BASIC, request)).toEqual({
      status: 200,
      client: DEMO_SERVICE.id,
      clientIs: 'authenticated',
    });
    expect(await listnr(`Bearer ${tokens.id_token}`, { client_id: DEMO_APP })).toEqual({
      status: 200,
      client: DEMO_APP,
      clientIs: 'registered',
      person: ADA.id,
    });
  });
});

describe('the guide’s Authorization Errors: which client, which check', () => {
  it.each<[string, Record<string, string | undefined>, object]>([
    [
      'invalid_request: a missing parameter',
      { scope: undefined },
      {
        status: 303,
        ...WEB_REGISTERED,
        error: 'invalid_request',
        detail: "missing required parameter 'scope'",
      },
    ],
    [
      'invalid_request: an address that is not registered',
      { redirect_uri: 'https://elsewhere.example/' },
      {
        status: 400,
        ...WEB_REGISTERED,
        error: 'invalid_redirect_uri',
        detail: expect.stringMatching(/redirect_uri/),
      },
    ],
    [
      'unauthorized_client: an unknown one',
      { client_id: 'client_demo_wbe' },
      {
        status: 400,
        client: 'client_demo_wbe',
        clientIs: 'claimed',
        error: 'invalid_client',
        detail: 'client not found',
      },
    ],
    [
      'unsupported_response_type',
      { response_type: 'token' },
      {
        status: 303,
        ...WEB_REGISTERED,
        error: 'unsupported_response_type',
        detail: 'unsupported response_type requested',
      },
    ],
    [
      'invalid_scope',
      { scope: 'openid groups' },
      { status: 303, ...WEB_REGISTERED, error: 'invalid_scope', detail: expect.stringMatching(/scope/) },
    ],
    [
      'a code_challenge that nothing can match',
      { code_challenge: '-'.repeat(44), code_challenge_method: 'S256' },
      {
        status: 303,
        ...WEB_REGISTERED,
        error: 'invalid_request',
        detail: 'code_challenge must be the SHA-256 of the code_verifier, as 43 characters of base64url',
      },
    ],
    [
      'login_required',
      { prompt: 'none' },
      {
        status: 303,
        ...WEB_REGISTERED,
        error: 'login_required',
        detail: 'End-User authentication is required',
      },
    ],
  ])('%s', async (_what, parameters, line) => {
    expect(await authorize(parameters)).toEqual(line);
  });

  it('unauthorized_client: a client without the code grant', async () => {
    const device = await aClient(server, {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [],
    });
    expect(await authorize({ client_id: device.client_id })).toMatchObject({
      client: device.client_id,
      clientIs: 'registered',
      error: expect.any(String),
      detail: expect.stringMatching(/\w/),
    });
  });

  it('access_denied: the person refused, and cancelled', async () => {
    const browser = openBrowser();
    const asked = { ...DEMO_SPA, ...challengeOf(pkce()) };
    let page = await browser.follow(await browser.get(authorizationUrl(server.url, asked)));
    page = await browser.follow(await browser.submit(page, '/sign-in', ADA));
    await browser.follow(
      await browser.submit(page, '/consent', { decision: 'refuse' }),
      DEMO_SPA.redirect_uri,
    );
    const spa = { client: DEMO_SPA.client_id, clientIs: 'registered', person: ADA.id };
    await inTheLog('/interaction/:uid/consent', {
      ...spa,
      consent: 'refused',
      detail: 'the person refused',
    });
    await inTheLog('/auth/authorize/:uid', {
      ...spa,
      error: 'access_denied',
      detail: 'User denied authorization',
    });

    const other = openBrowser();
    const start = await other.follow(await other.get(authorizationUrl(server.url)));
    await other.follow(await other.submit(start, '/abort'), redirect_uri);
    await inTheLog('/interaction/:uid/abort', {
      ...WEB_REGISTERED,
      detail: 'the person cancelled',
    });
    await inTheLog('/auth/authorize/:uid', {
      ...WEB_REGISTERED,
      error: 'access_denied',
      detail: 'The person cancelled signing in',
    });
  });

  it('a sign-in that was refused: which person, and why', async () => {
    const person = await aPerson(server);
    const disabled = await aPerson(server, { disabled_at: new Date() });
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const attempts = [
      [{ email: 'nobody@demo.example', password: 'x' }, { detail: 'no person has this address' }],
      [
        { email: person.email, password: 'not the password' },
        { person: person.id, detail: 'the password is wrong' },
      ],
      [
        { email: disabled.email, password: disabled.password },
        { person: disabled.id, detail: 'the person is disabled' },
      ],
    ] as const;
    for (const [fields, line] of attempts) {
      await browser.submit(page, '/sign-in', fields);
      await inTheLog('/interaction/:uid/sign-in', {
        ...WEB_REGISTERED,
        status: 401,
        signIn: 'refused',
        ...line,
      });
    }
  });
});

describe('the guide’s Token Endpoint Errors: which client, which check', () => {
  it.each<[string, Record<string, string>, object]>([
    [
      'invalid_request: a missing parameter',
      { grant_type: 'authorization_code', ...WEB },
      {
        status: 400,
        ...WEB_AUTHENTICATED,
        ...CODE,
        error: 'invalid_request',
        detail: "missing required parameters 'code' and 'redirect_uri'",
      },
    ],
    [
      'invalid_client: an unknown one',
      { ...OTHER_CODE, client_id: 'client_unknown', client_secret },
      {
        status: 401,
        client: 'client_unknown',
        clientIs: 'claimed',
        ...CODE,
        error: 'invalid_client',
        detail: 'client not found',
      },
    ],
    [
      'invalid_client: a wrong secret',
      { ...OTHER_CODE, ...WEB, client_secret: 'wrong' },
      { status: 401, ...WEB_CLAIMED, ...CODE, error: 'invalid_client', detail: 'invalid secret provided' },
    ],
    [
      'invalid_client: no secret',
      { ...OTHER_CODE, client_id },
      { status: 401, ...WEB_CLAIMED, ...CODE, error: 'invalid_client', detail: expect.stringMatching(/\w/) },
    ],
    [
      'invalid_grant: no such code',
      { ...OTHER_CODE, ...WEB },
      {
        status: 400,
        ...WEB_AUTHENTICATED,
        ...CODE,
        error: 'invalid_grant',
        detail: 'Authorization code is not valid: unknown, or its sign-in was ended',
      },
    ],
    [
      'unsupported_grant_type',
      { grant_type: 'client_credentials', ...WEB },
      {
        status: 400,
        ...WEB_AUTHENTICATED,
        grantType: 'client_credentials',
        error: 'unsupported_grant_type',
        detail: 'unsupported grant_type requested',
      },
    ],
    [
      'invalid_grant: a refresh token that is none',
      { grant_type: 'refresh_token', refresh_token: 'refresh_abc123', ...WEB },
      {
        status: 400,
        ...WEB_AUTHENTICATED,
        grantType: 'refresh_token',
        error: 'invalid_grant',
        detail: 'Refresh token is not valid: of another client, or not of this server',
      },
    ],
  ])('%s', async (_what, form, line) => {
    expect(await token(form)).toEqual(line);
  });

  it('invalid_grant: a used code, with its person and grant', async () => {
    const code = await obtainCode(server.url);
    const { grant } = await token({ ...OTHER_CODE, code, ...WEB });
    expect(await token({ ...OTHER_CODE, code, ...WEB })).toMatchObject({
      ...{ status: 400, ...WEB_AUTHENTICATED, ...CODE, person: ADA.id, grant },
      error: 'invalid_grant',
      detail: expect.stringMatching(/already used/),
    });
  });

  it('invalid_grant: a code of another client', async () => {
    const other = await aClient(server);
    const code = await obtainCode(server.url, { client_id: other.client_id, redirect_uri });
    expect(await token({ ...OTHER_CODE, code, ...WEB })).toEqual({
      ...{ status: 400, ...WEB_AUTHENTICATED, ...CODE, error: 'invalid_grant' },
      detail: 'Authorization code is not valid: of another client',
    });
  });

  it('invalid_grant: a verifier that does not match, another redirect_uri', async () => {
    const { code_verifier: _, ...challenge } = pkce();
    const code = await obtainCode(server.url, challenge);
    const line = { ...WEB_AUTHENTICATED, ...CODE, person: ADA.id, error: 'invalid_grant' };
    expect(await token({ ...OTHER_CODE, code, ...WEB, code_verifier: pkce().code_verifier })).toMatchObject({
      ...line,
      detail: 'code_verifier does not match the code_challenge',
    });
    expect(
      await token({ ...OTHER_CODE, code, ...WEB, redirect_uri: 'https://elsewhere.example/' }),
    ).toMatchObject({
      ...line,
      detail: 'redirect_uri is not the one of the authorization request: https://elsewhere.example/',
    });
  });

  it('unauthorized_client, and invalid_scope', async () => {
    const open = await aClient(server, { type: 'public', grant_types: ['authorization_code'] });
    expect(
      await token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: open.client_id }),
    ).toEqual({
      ...{ status: 400, client: open.client_id, clientIs: 'registered', grantType: 'refresh_token' },
      error: 'unauthorized_client',
      detail: 'This client may not use the grant type refresh_token',
    });
    const { refresh_token } = tokens;
    const narrow = await obtainTokens(server.url, { scope: 'openid' });
    expect(refresh_token).not.toBe(narrow.refresh_token);
    expect(
      await token({
        ...{ grant_type: 'refresh_token', refresh_token: narrow.refresh_token ?? '', ...WEB },
        scope: 'openid email',
      }),
    ).toMatchObject({
      ...{ ...WEB_AUTHENTICATED, person: ADA.id, error: 'invalid_scope' },
      detail: 'refresh token missing requested scope: email',
    });
  });

  it('a body that cannot be read, and a client in the header', async () => {
    const answer = await lineOf('/auth/token', {
      text: 'grant_type=authorization_code',
      headers: { authorization: basic(client_id, client_secret), 'content-type': 'text/plain' },
    });
    expect(answer).toMatchObject({ ...WEB_CLAIMED, error: 'invalid_request', detail: expect.any(String) });
    expect(await token(OTHER_CODE, { authorization: basic(client_id, 'wrong') })).toMatchObject({
      ...WEB_CLAIMED,
      error: 'invalid_client',
      detail: 'invalid secret provided',
    });
  });

  it('a DPoP proof of another address', async () => {
    const proof = await dpopProof(await aClientKey(), { htu: 'https://elsewhere.example/' });
    expect(
      await token({ ...OTHER_CODE, code: await obtainCode(server.url), ...WEB }, { dpop: proof }),
    ).toMatchObject({
      ...{ ...WEB_AUTHENTICATED, person: ADA.id, error: 'invalid_dpop_proof' },
      detail: expect.stringMatching(/\w/),
    });
  });
});

describe('userinfo, introspection and revocation: which client, which check', () => {
  it('a token that is none, one that was revoked, and none at all', async () => {
    expect(await userinfo('nonsense')).toEqual({
      status: 401,
      error: 'invalid_token',
      detail: expect.stringMatching(/\w/),
    });
    expect(await lineOf('/auth/userinfo')).toEqual({
      status: 401,
      error: 'invalid_token',
      detail: 'no access token provided',
    });
    const mine = await obtainTokens(server.url);
    const about = { person: ADA.id, grant: claimsOf(mine.access_token).grant_id };
    await lineOf('/auth/revoke', { form: { token: mine.access_token, ...WEB } });
    expect(await userinfo(mine.access_token)).toEqual({
      ...{ status: 401, ...WEB_REGISTERED, ...about },
      error: 'invalid_token',
      detail: 'Access token was revoked',
    });
    expect(await lineOf('/auth/introspect', { form: { token: mine.access_token, ...WEB } })).toMatchObject({
      status: 200,
      ...WEB_AUTHENTICATED,
      ...about,
    });
  });

  it('userinfo with an ID token names its client', async () => {
    expect(await userinfo(tokens.id_token)).toEqual({
      ...{ status: 401, ...WEB_CLAIMED, error: 'invalid_token' },
      detail: 'This is an ID token, which is for its client alone: send the access token',
    });
  });

  it.each([
    ['/auth/introspect', 'of another client, which this one may not introspect'],
    ['/auth/revoke', 'of another client: nothing was revoked'],
  ])('the access token of another client at %s, though the answer says nothing', async (path, detail) => {
    const other = await aClient(server);
    const form = {
      token: tokens.access_token,
      client_id: other.client_id,
      client_secret: other.client_secret,
    };
    const line = { status: 200, client: other.client_id, clientIs: 'authenticated', ...of(), detail };
    expect(await lineOf(path, { form })).toEqual(line);
  });

  it.each([
    ['/auth/introspect', 'no token of this server, or a refresh token that this client may not use'],
    ['/auth/revoke', 'no token that this client may use: nothing was revoked'],
  ])('what is no token of this client at %s, though the answer says nothing', async (path, detail) => {
    const other = await aClient(server);
    const theirs = { client_id: other.client_id, client_secret: other.client_secret };
    for (const presented of ['abc', tokens.refresh_token])
      expect(await lineOf(path, { form: { token: presented, ...theirs } })).toEqual({
        ...{ status: 200, client: other.client_id, clientIs: 'authenticated', detail },
      });
  });

  it('introspection without a secret, revocation with a wrong one', async () => {
    expect(await lineOf('/auth/introspect', { form: { token: tokens.access_token, client_id } })).toEqual({
      status: 401,
      ...WEB_CLAIMED,
      error: 'invalid_client',
      detail: 'introspection without authentication',
    });
    const form = { token: tokens.access_token, client_id, client_secret: 'wrong' };
    expect(await lineOf('/auth/revoke', { form })).toEqual({
      status: 401,
      ...WEB_CLAIMED,
      error: 'invalid_client',
      detail: 'invalid secret provided',
    });
    expect(await userinfo(tokens.access_token)).toMatchObject({ status: 200, ...of() });
  });
});

describe('LiSTNR’s errors: which client, which check', () => {
  const SERVICE = { client: DEMO_SERVICE.id, clientIs: 'authenticated' };
  const REQUEST = { client_id: DEMO_SERVICE.id, subject: 'somebody' };

  it.each<[string, string | undefined, unknown, object]>([
    ['invalid_request: not JSON', DEMO_BASIC, '{', { error: 'invalid_request' }],
    [
      'invalid_request: no subject',
      DEMO_BASIC,
      { client_id: DEMO_SERVICE.id, subject: 7 },
      { ...SERVICE, error: 'invalid_request' },
    ],
    [
      'invalid_scope',
      DEMO_BASIC,
      { ...REQUEST, scope: 'write:everything' },
      { ...SERVICE, error: 'invalid_scope' },
    ],
    [
      'invalid_client: no Authorization',
      undefined,
      REQUEST,
      { ...SERVICE, clientIs: 'claimed', error: 'invalid_client' },
    ],
    [
      'invalid_client: a wrong secret',
      basic(DEMO_SERVICE.id, 'wrong'),
      REQUEST,
      {
        ...SERVICE,
        clientIs: 'claimed',
        error: 'invalid_client',
        detail: 'invalid secret provided',
      },
    ],
    [
      'invalid_client: an unknown client',
      basic('demo-servcie', DEMO_SERVICE.secret),
      { ...REQUEST, client_id: 'demo-servcie' },
      {
        ...{ client: 'demo-servcie', clientIs: 'claimed', error: 'invalid_client' },
        detail: 'client not found',
      },
    ],
    [
      'invalid_token',
      'Bearer nonsense',
      { client_id: DEMO_APP },
      { client: DEMO_APP, clientIs: 'claimed', error: 'invalid_token' },
    ],
    [
      'unauthorized_client: a secret for a client with ID tokens',
      basic(DEMO_APP, 'x'),
      { client_id: DEMO_APP },
      { client: DEMO_APP, clientIs: 'claimed', error: 'unauthorized_client' },
    ],
  ])('%s', async (_what, authorization, body, line) => {
    expect(await listnr(authorization, body)).toMatchObject({ detail: expect.stringMatching(/\w/), ...line });
  });

  it('unauthorized_client: one that is disabled, and an expired ID token', async () => {
    await server.seed(secretClientSql('off-service', { default_subject: "'x'", disabled_at: 'now()' }));
    expect(await listnr(basic('off-service', DEMO_SERVICE.secret), { client_id: 'off-service' })).toEqual({
      ...{ status: 403, client: 'off-service', clientIs: 'authenticated' },
      error: 'unauthorized_client',
      detail: 'This client is disabled.',
    });
    const expired = await mintIdToken(server, { exp: 1 });
    expect(await listnr(`Bearer ${expired}`, { client_id: DEMO_APP })).toMatchObject({
      ...{ status: 401, client: DEMO_APP, clientIs: 'claimed', error: 'invalid_token' },
      detail: expect.stringMatching(/expired/),
    });
  });
});

describe('what a request claims to be', () => {
  it.each([
    ['client_demo_wbe', 'client_demo_wbe'],
    ['7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f', '7f3c1f0e...'],
    ['ada@demo.example', '?'],
    ['x\r\n{"level":"error"}', 'x????level?:?error??'],
    ['\u202Eevil', '?evil'],
    ['demo-web-secret-not-for-production-0001', 'demo-web...'],
    ['5f4dcc3b5aa765d61d8327deb882cf99', '5f4dcc3b...'],
    ['a'.repeat(500), 'aaaaaaaa...'],
  ])('is cut and cleaned in the log: %j', async (claimed, client) => {
    const form = { ...OTHER_CODE, client_id: claimed, client_secret: 'x' };
    expect(await token(form)).toMatchObject({ client, clientIs: 'claimed' });
    expect(await authorize({ client_id: claimed })).toMatchObject({ client, clientIs: 'claimed' });
    expect(await listnr(undefined, { client_id: claimed })).toMatchObject({ client, clientIs: 'claimed' });
    expect(await token({ ...form, grant_type: claimed, ...WEB })).toMatchObject({ grantType: client });
  });

  it.each([
    [
      'urn:ietf:params:oauth:request_uri:7plGHIyG-Ic6h9zuwKEcUGKj4QI_J1HWYNIWquEzkxL',
      'urn:ietf:params:oauth:request_uri:7plGHIyG...',
    ],
    ['demo-listnr-secret-not-for-production-01', 'demo-lis...'],
    [
      'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIxIn0.c2lnbmF0dXJlIG9mIDMyIG9yIG1vcmUh',
      'eyJhbGci....eyJzdWIiOiIxIn0.c2lnbmF0...',
    ],
  ])('is cut where the reason of a refusal repeats it: %j', async (scope, shown) => {
    const { detail } = await listnr(DEMO_BASIC, { client_id: DEMO_SERVICE.id, scope });
    expect(detail).toContain(shown);
    expect(detail).not.toContain(scope);
  });

  it('gives way to what is known', async () => {
    // The header authenticates, and the form only names.
    expect(
      await token(
        { ...OTHER_CODE, client_id: 'client_unknown' },
        { authorization: basic(client_id, client_secret) },
      ),
    ).toMatchObject({ clientIs: 'claimed', detail: 'client_id mismatch' });
  });
});

function challengeOf({ code_challenge, code_challenge_method }: ReturnType<typeof pkce>) {
  return { code_challenge, code_challenge_method };
}

/** Waits for a line with these fields, since a line is written when its answer has been sent. */
async function inTheLog(path: string, fields: Record<string, unknown>): Promise<void> {
  await until(`${path} is in the log with ${JSON.stringify(fields)}`, () =>
    server
      .logLines()
      .some(
        (line) => line.path === path && Object.entries(fields).every(([name, value]) => line[name] === value),
      ),
  );
}
