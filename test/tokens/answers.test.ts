import { createHash } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { Browser } from '../support/browsers/browser.ts';
import { aClientKey, type ClientKey, clientAssertion, dpopProof } from '../support/clients/proofs.ts';
import {
  ADA,
  type Answer,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainCode,
  pkce,
  postForm,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { createRecorder, type Recorder } from './recorder.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
const WEB = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };

type Fields = Record<string, string>;

/**
 * The complete answers of the token endpoint: status, body with the claims of its tokens, headers, and stored rows.
 * The protocol library made the answers in this snapshot, and our functions must make the same.
 */
describe('the answers of the token endpoint', () => {
  let server: TestServer;
  let browser: Browser;
  let key: ClientKey;
  let otherKey: ClientKey;
  let recorder: Recorder;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
    [key, otherKey] = [await aClientKey(), await aClientKey()];
  });
  beforeEach(() => {
    recorder = createRecorder(server);
  });
  afterAll(() => server.close());

  const post = (fields: Fields, headers: Fields = {}) =>
    postForm(`${server.url}/auth/token`, fields, headers);
  const note = (name: string, answer: Promise<Answer>) => recorder.note(name, answer);
  const proofOf = async (by: ClientKey, claims = {}, more = {}) => ({
    dpop: await dpopProof(by, { htu: `${server.url}/auth/token`, ...more }, claims),
  });
  const codeFor = (
    { client_id, redirect_uri }: Pick<TestClient, 'client_id' | 'redirect_uri'> = DEMO_WEB,
    parameters: Fields = {},
  ) => obtainCode(server.url, { client_id, redirect_uri, ...parameters }, browser);
  const codeFields = (code: string, more: Fields = {}) => ({
    grant_type: 'authorization_code',
    code,
    redirect_uri: DEMO_WEB.redirect_uri,
    ...WEB,
    ...more,
  });
  const refreshFields = (refreshToken: string | undefined, more: Fields = {}) => ({
    grant_type: 'refresh_token',
    refresh_token: refreshToken ?? '',
    ...WEB,
    ...more,
  });

  it.each([
    ['nothing else', {}],
    ['openid alone', { scope: 'openid' }],
    ['another order', { scope: 'email openid profile' }],
    ['offline_access', { scope: 'openid offline_access' }],
    ['a scope twice', { scope: 'openid openid email' }],
    ['a nonce', { nonce: 'a nonce' }],
    ['max_age', { max_age: '1000' }],
    ['no openid', { scope: 'profile' }],
    ['claims', { claims: JSON.stringify({ id_token: { email: null }, userinfo: {} }) }],
    ['acr_values', { acr_values: 'a b' }],
    ['a consent prompt', { prompt: 'consent' }],
  ])('are the same for an authorization with %s', async (_what, parameters: Fields) => {
    const code = await codeFor(DEMO_WEB, parameters);
    const first = await note('exchange', exchange(server.url, code));
    await recorder.noteFamily('exchange', first.refresh_token);
    const { refresh_token = '', access_token = '' } = await note(
      'refresh',
      refresh(server.url, first.refresh_token ?? ''),
    );
    await note('replay', refresh(server.url, first.refresh_token ?? ''));
    await note('fewer scopes', post(refreshFields(refresh_token, { scope: 'openid' })));
    await recorder.noteFamily('fewer scopes', refresh_token);
    await note('more scopes', post(refreshFields(refresh_token, { scope: 'openid email x y' })));
    const introspect = (token: string) => postForm(`${server.url}/auth/introspect`, { token, ...WEB });
    await note('introspection of the refresh token', introspect(refresh_token));
    await note('introspection of the access token', introspect(access_token));
    await note('code again', exchange(server.url, code));
    await note('refresh after that', refresh(server.url, refresh_token));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same where something is missing or malformed', async () => {
    await note('no code', post({ grant_type: 'authorization_code', ...WEB }));
    await note('no redirect_uri', post({ grant_type: 'authorization_code', code: 'x', ...WEB }));
    await note('an unknown code', post(codeFields('x')));
    await note('a code twice', post({ ...codeFields('x'), grant_type: 'authorization_code' }));
    await note('no refresh token', post({ grant_type: 'refresh_token', ...WEB }));
    await note('an empty refresh token', post(refreshFields('')));
    await note('an unknown refresh token', post(refreshFields('x')));
    await note('an invalid scope', post(refreshFields('x', { scope: 'a"b' })));
    await note('no device code', post({ grant_type: DEVICE_CODE, ...WEB }));
    await note('an unknown grant type', post({ grant_type: 'password', ...WEB }));
    await note('no grant type', post({ code: 'x', ...WEB }));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same for codes with another address or verifier', async () => {
    const { code_verifier, ...challenge } = pkce();
    const elsewhere = { redirect_uri: 'https://elsewhere.example/' };
    await note('another redirect_uri', post(codeFields(await codeFor(), elsewhere)));
    const unasked = { code_verifier: 'x'.repeat(43) };
    await note('a verifier without a challenge', post(codeFields(await codeFor(), unasked)));
    await note(
      'a short verifier without a challenge',
      post(codeFields(await codeFor(), { code_verifier: 'x' })),
    );
    const code = await codeFor(DEMO_WEB, challenge);
    await note('no verifier', post(codeFields(code)));
    await note('another verifier', post(codeFields(code, { code_verifier: 'y'.repeat(43) })));
    await note('a short verifier', post(codeFields(code, { code_verifier: 'y' })));
    await note('the verifier', post(codeFields(code, { code_verifier })));
    const short = { code_challenge: challengeOf('x'), code_challenge_method: 'S256' };
    const guessable = await codeFor(DEMO_WEB, short);
    await note('a short verifier that matches', post(codeFields(guessable, { code_verifier: 'x' })));
    const expired = await codeFor();
    const past = JSON.stringify({ exp: Math.floor(Date.now() / 1000) - 1 });
    await server.database
      .knex('artifacts')
      .where({ model: 'AuthorizationCode' })
      .update({ payload: server.database.knex.raw('payload || ?::jsonb', [past]) });
    await note('an expired code', post(codeFields(expired)));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same with DPoP proofs', async () => {
    const bound = await note('exchange', post(codeFields(await codeFor()), await proofOf(key)));
    await recorder.noteFamily('exchange', bound.refresh_token);
    const refreshBound = (headers: Fields = {}) => post(refreshFields(bound.refresh_token), headers);
    await note('refresh without a proof', refreshBound());
    await note('replay with another key', refreshBound(await proofOf(otherKey)));
    const used = await proofOf(key, { jti: 'once' });
    await note('exchange with a proof', post(codeFields(await codeFor()), used));
    const code = await codeFor();
    await note('exchange with the same proof', post(codeFields(code), used));
    await note('refresh with the same proof', refreshBound(used));
    await note('no proof at all', post(codeFields(code), { dpop: 'x.y.z' }));
    await note('an old proof', post(codeFields(code), await proofOf(key, { iat: 1 })));
    await note('a proof of GET', post(codeFields(code), await proofOf(key, {}, { htm: 'GET' })));
    await note('a proof for elsewhere', post(codeFields(code), await proofOf(key, { htu: 'http://a/' })));
    await note('a proof with a nonce', post(codeFields(code), await proofOf(key, { nonce: 'x' })));
    const dpop_jkt = await calculateJwkThumbprint(key.publicJwk);
    const promised = () => codeFor(DEMO_WEB, { dpop_jkt });
    await note('a promised proof that is missing', post(codeFields(await promised())));
    await note('a promised proof of another', post(codeFields(await promised()), await proofOf(otherKey)));
    const kept = await note('a promised proof', post(codeFields(await promised()), await proofOf(key)));
    await recorder.noteFamily('a promised proof', kept.refresh_token);
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same for a client that must bring proofs', async () => {
    const client = await aClient(server, { require_dpop: true });
    const of = ({ client_id, client_secret, redirect_uri }: TestClient, fields: Fields) => ({
      ...fields,
      client_id,
      client_secret,
      ...('code' in fields ? { redirect_uri } : {}),
    });
    const code = await codeFor(client);
    await note('exchange without a proof', post(of(client, codeFields(code))));
    const { refresh_token } = await note('exchange', post(of(client, codeFields(code)), await proofOf(key)));
    await note('refresh without a proof', post(of(client, refreshFields(refresh_token))));
    await note('refresh', post(of(client, refreshFields(refresh_token)), await proofOf(otherKey)));
    expect(maskIds(recorder.noted, [client.client_id])).toMatchSnapshot();
  });

  it('are the same for a browser application', async () => {
    const { code_verifier, ...challenge } = pkce();
    const origin = new URL(DEMO_SPA.redirect_uri).origin;
    const code = await codeFor(DEMO_SPA, challenge);
    const fields = { grant_type: 'authorization_code', code, code_verifier, ...DEMO_SPA };
    const tokens = await note('exchange', post(fields, { ...(await proofOf(key)), origin }));
    await recorder.noteFamily('exchange', tokens.refresh_token);
    const again = (headers: Fields) =>
      post(
        {
          grant_type: 'refresh_token',
          refresh_token: tokens.refresh_token ?? '',
          client_id: DEMO_SPA.client_id,
        },
        { ...headers, origin },
      );
    await note('refresh without a proof', again({}));
    await note('refresh with another key', again(await proofOf(otherKey)));
    await note('refresh', again(await proofOf(key)));
    await note('replay', again(await proofOf(key)));
    await note('replay with another key', again(await proofOf(otherKey)));
    await note('replay without a proof', again({}));
    await note('refresh by another client', post(refreshFields(tokens.refresh_token)));
    await note('code by another client', post(codeFields(await codeFor(DEMO_SPA, pkceChallenge()))));
    await note('from another origin', post(fields, { origin: 'https://elsewhere.example' }));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same for a client that signs, for other algorithms and for one without refresh tokens', async () => {
    const jwks = { keys: [{ ...key.publicJwk, kid: 'own', alg: 'ES256', use: 'sig' }] };
    const signing = await aClient(server, { jwks, id_token_signed_response_alg: 'ES256' });
    // The first run makes the key that such a client needs, and the next one loads it.
    await runJob(server, 'watch-versions');
    await runJob(server, 'watch-versions');
    const assertion = () => clientAssertion(key, { clientId: signing.client_id, audience: server.url });
    const code = await codeFor(signing);
    const { client_secret: _secret, ...fields } = codeFields(code, { client_id: signing.client_id });
    const tokens = await note('exchange by an assertion', post({ ...fields, ...(await assertion()) }));
    const { client_secret: _other, ...again } = refreshFields(tokens.refresh_token, {
      client_id: signing.client_id,
    });
    await note('refresh by an assertion', post({ ...again, ...(await assertion()) }));

    const once = await aClient(server, { grant_types: ['authorization_code'] });
    const { redirect_uri, ...credentials } = once;
    const onceCode = await codeFor(once);
    await note('exchange for no refresh token', post(codeFields(onceCode, { redirect_uri, ...credentials })));
    await note('its code again', post(codeFields(onceCode, { redirect_uri, ...credentials })));
    await note('its refresh', post({ ...refreshFields('x'), ...credentials }));
    expect(maskIds(recorder.noted, [signing.client_id, once.client_id])).toMatchSnapshot();
  });

  it('are the same for devices', async () => {
    const device = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [DEVICE_CODE, 'refresh_token'],
    });
    const { client_id } = device;
    const other = await aClient(server, { type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] });
    const begin = async (scope = 'openid profile', id = client_id) =>
      (await postForm(`${server.url}/auth/device_authorization`, { client_id: id, scope })).body as Fields;
    const poll = ({ device_code }: Fields, headers: Fields = {}, id = client_id) =>
      post({ grant_type: DEVICE_CODE, client_id: id, device_code: device_code ?? '' }, headers);
    const decide = async (code: Fields, decision: Fields) => {
      const page = await browser.get(code.verification_uri_complete ?? '');
      await browser.follow(await browser.submit(page, '/auth/device', decision));
    };

    const code = await begin();
    await note('pending', poll(code));
    await note('too soon', poll(code));
    await note('by another client', poll(code, {}, other.client_id));
    await note('unknown', poll({ device_code: 'x' }));
    await decide(code, { confirm: 'yes' });
    const tokens = await note('approved', poll(code));
    await recorder.noteFamily('approved', tokens.refresh_token);
    const again = (refreshToken = '', headers: Fields = {}) =>
      post({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id }, headers);
    const { refresh_token } = await note('refresh', again(tokens.refresh_token));
    await note('replay', again(tokens.refresh_token));
    await note('code again', poll(code));
    await note('refresh after that', again(refresh_token));

    const denied = await begin();
    await decide(denied, { abort: 'yes' });
    await note('denied', poll(denied));
    await note('denied, again', poll(denied));

    const bound = await begin('openid');
    await note('pending with a proof', poll(bound, await proofOf(key)));
    await decide(bound, { confirm: 'yes' });
    const proved = await note('approved with a proof', poll(bound, await proofOf(key)));
    await recorder.noteFamily('approved with a proof', proved.refresh_token);

    const unrefreshed = await begin('openid', other.client_id);
    await decide(unrefreshed, { confirm: 'yes' });
    await note('approved without refresh tokens', poll(unrefreshed, {}, other.client_id));
    await note('that code again', poll(unrefreshed, {}, other.client_id));

    const mustProve = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [DEVICE_CODE, 'refresh_token'],
      require_dpop: true,
    });
    const proven = await begin('openid', mustProve.client_id);
    await note('pending without a required proof', poll(proven, {}, mustProve.client_id));
    await decide(proven, { confirm: 'yes' });
    await note('approved without a required proof', poll(proven, {}, mustProve.client_id));
    await note('approved with a required proof', poll(proven, await proofOf(key), mustProve.client_id));

    const expired = await begin();
    const past = JSON.stringify({ exp: Math.floor(Date.now() / 1000) - 1 });
    await server.database
      .knex('artifacts')
      .where({ model: 'DeviceCode' })
      .update({ payload: server.database.knex.raw('payload || ?::jsonb', [past]) });
    await note('expired', poll(expired));
    expect(maskIds(recorder.noted, [client_id, other.client_id, mustProve.client_id])).toMatchSnapshot();
  });

  it('are the same once the person, the grant or the time is over', async () => {
    const person = await aPerson(server);
    const { callback, browser: theirs } = await signIn(server.url, { person });
    const code = callback.get('code') ?? '';
    const tokensOf = async (by: Browser) =>
      (await exchange(server.url, await obtainCode(server.url, {}, by))).body as Fields;
    const held = await tokensOf(theirs);
    const { knex } = server.database;
    const everyFamily = (columns: object) => knex('refresh_families').update(columns);
    const late = await tokensOf(browser);
    await everyFamily({ expires_at: new Date(Date.now() - 1000) });
    await note('an expired refresh token', refresh(server.url, late.refresh_token ?? ''));
    await everyFamily({ expires_at: new Date(Date.now() + 1000_000) });

    const old = await tokensOf(browser);
    const next = (await refresh(server.url, old.refresh_token ?? '')).body as Fields;
    await everyFamily({ rotated_at: new Date(Date.now() - 1000_000) });
    await note('an old refresh token', refresh(server.url, old.refresh_token ?? ''));
    await note('the newest one after that', refresh(server.url, next.refresh_token ?? ''));

    const ended = await tokensOf(browser);
    await knex('grants').where({ person_id: ADA.id }).delete();
    await note('a refresh token whose grant has ended', refresh(server.url, ended.refresh_token ?? ''));
    // The trigger would also end the grants, which is the next case.
    await knex.raw('ALTER TABLE people DISABLE TRIGGER USER');
    await knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    await note('the code of a disabled person', exchange(server.url, code));
    await note('the refresh token of a disabled person', refresh(server.url, held.refresh_token ?? ''));
    await knex.raw('ALTER TABLE people ENABLE TRIGGER USER');
    await knex('grants').where({ person_id: person.id }).delete();
    await note('a code whose grant has ended', exchange(server.url, code));
    expect(recorder.noted).toMatchSnapshot();
  });
});

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function pkceChallenge(): Fields {
  const { code_challenge, code_challenge_method } = pkce();
  return { code_challenge, code_challenge_method };
}

/** Ids that each run makes up. */
function maskIds(noted: Record<string, unknown>, ids: readonly string[]): unknown {
  const text = ids.reduce((text, id, n) => text.replaceAll(id, `client ${n + 1}`), JSON.stringify(noted));
  return JSON.parse(text);
}
