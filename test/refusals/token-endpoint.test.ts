import { openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, dpopProof } from '../support/clients/proofs.ts';
import {
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  pkce,
  postForm,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient, aPerson } from '../support/registrations/factories.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const { client_id, client_secret, redirect_uri } = DEMO_WEB;
const WEB = { client_id, client_secret };
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANTS = ['authorization_code', 'refresh_token'];

let server: TestServer;
const browser = openBrowser();
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const ask = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  postForm(`${server.url}/auth/token`, fields, headers);
const why = (...request: Parameters<typeof ask>) => recordedWhy(server, ask(...request));
const instant = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
const refreshToken = async (more: Record<string, string> = {}) =>
  String((await obtainTokens(server.url, more, browser)).refresh_token);

describe('a token request that is refused finds out why', () => {
  it('for its grant and its scope', async () => {
    const { client_id: id, client_secret: secret } = await aClient(server, {
      grant_types: ['authorization_code'],
    });
    const once = { client_id: id, client_secret: secret };
    expect(await why({ ...WEB, grant_type: 'client_credentials' })).toEqual({
      reason: 'grant_type.unknown',
      came: { grant_type: 'client_credentials' },
      expected: { grant_type: expect.arrayContaining(GRANTS) },
    });
    expect(await why({ ...once, grant_type: 'refresh_token', refresh_token: 'x' })).toEqual({
      reason: 'grant_type.not_registered',
      came: { grant_type: 'refresh_token' },
      expected: { grant_type: ['authorization_code'] },
    });
    expect(await why({ ...WEB, grant_type: 'refresh_token', refresh_token: 'x', scope: 'a"b' })).toEqual({
      reason: 'scope.malformed',
      came: { scope: 'a"b' },
    });
    expect(await why(WEB)).toEqual({
      reason: 'parameter.missing',
      came: { parameter: ['client_id', 'client_secret'] },
      expected: { parameter: ['grant_type'] },
    });
    const twice = new URLSearchParams({ ...WEB, grant_type: 'refresh_token' });
    twice.append('grant_type', 'refresh_token');
    expect(
      await recordedWhy(server, fetch(`${server.url}/auth/token`, { method: 'POST', body: twice })),
    ).toEqual({
      reason: 'parameter.repeated',
      came: { parameter: ['grant_type'] },
    });
  });

  it('for its code', async () => {
    const code = () => obtainCode(server.url, {}, browser);
    const other = await aClient(server);
    const used = await code();
    await exchange(server.url, used);
    const exchanged = async (...args: Parameters<typeof exchange>) => recordedWhy(server, exchange(...args));
    const wrong = 'http://127.0.0.1:9999/calback';
    expect(await exchanged(server.url, 'unknown')).toEqual({ reason: 'code.not_valid' });
    expect(
      await exchanged(server.url, await code(), {
        client_id: other.client_id,
        client_secret: other.client_secret,
      }),
    ).toEqual({ reason: 'code.of_another_client', expected: { client_id } });
    expect(await exchanged(server.url, used)).toEqual({ reason: 'code.used_before' });
    expect(await exchanged(server.url, await code(), { redirect_uri: wrong })).toEqual({
      reason: 'code.redirect_uri_differs',
      came: { redirect_uri: wrong },
      expected: { redirect_uri },
    });
    expect(await exchanged(server.url, await code(), { code_verifier: 'x'.repeat(43) })).toEqual({
      reason: 'code_verifier.unexpected',
    });
  });

  it('for its code_verifier', async () => {
    const { code_verifier, ...challenge } = pkce();
    const code = () => obtainCode(server.url, challenge, browser);
    expect(await recordedWhy(server, exchange(server.url, await code()))).toEqual({
      reason: 'code_verifier.missing',
    });
    expect(
      await recordedWhy(server, exchange(server.url, await code(), { code_verifier: `${code_verifier}x` })),
    ).toEqual({ reason: 'code_verifier.wrong' });
  });

  it('for a code that comes late, by our clock', async () => {
    await withStillTime(async (time) => {
      const code = await obtainCode(server.url);
      time.forward(601);
      expect(await recordedWhy(server, exchange(server.url, code))).toEqual({
        reason: 'code.expired',
        came: { expired_at: instant(time.now() - 1) },
        expected: { now: instant(time.now()) },
      });
    });
  });

  it('for a redirect_uri that was registered before', async () => {
    const elsewhere = 'http://127.0.0.1:9999/other';
    const client = await aClient(server, { redirect_uris: [redirect_uri, elsewhere] });
    const { client_id: id, client_secret: secret } = client;
    const fields = { client_id: id, client_secret: secret, grant_type: 'authorization_code' };
    const code = await obtainCode(server.url, { client_id: id, redirect_uri: elsewhere }, browser);
    await server.database
      .knex('clients')
      .where({ id })
      .update({ redirect_uris: [redirect_uri] });
    await runJob(server, 'watch-versions');
    expect(await why({ ...fields, code, redirect_uri: elsewhere })).toEqual({
      reason: 'code.redirect_uri_withdrawn',
      came: { redirect_uri: elsewhere },
      expected: { redirect_uri: [redirect_uri] },
    });
  });

  it('for its refresh token', async () => {
    const [token, gone] = [await refreshToken(), await refreshToken()];
    const refreshed = (...args: [string, Record<string, string>?]) =>
      recordedWhy(server, refresh(server.url, ...args));
    await postForm(`${server.url}/auth/revoke`, { ...WEB, token: gone });
    expect(await refreshed('x')).toEqual({ reason: 'refresh_token.not_valid' });
    expect(await refreshed(gone)).toEqual({ reason: 'refresh_token.ended' });
    expect(await refreshed(token, { scope: 'openid address' })).toEqual({
      reason: 'scope.not_granted',
      came: { scope: ['address'] },
      expected: { scope: ['openid', 'profile', 'email'] },
    });
    const { body } = await refresh(server.url, token);
    await refresh(server.url, String(body.refresh_token));
    expect(await refreshed(token)).toEqual({
      reason: 'refresh_token.used_before',
      came: { tokens_behind: '2' },
      expected: { replay_window_seconds: '120' },
    });
  });

  it('for a refresh token that nobody used for a month', async () => {
    await withStillTime(async (time) => {
      const { refresh_token } = await obtainTokens(server.url);
      time.forward(30 * 24 * 3600 + 1);
      expect(await recordedWhy(server, refresh(server.url, String(refresh_token)))).toEqual({
        reason: 'refresh_token.expired',
        came: { expired_at: instant(time.now() - 1) },
        expected: { now: instant(time.now()) },
      });
    });
  });

  it('for a person who may not sign in any more, should no trigger have ended the sign-in', async () => {
    const { email, password, id } = await aPerson(server);
    const { page } = await signIn(server.url, { person: { email, password } });
    const code = String(new URL(String(page.location)).searchParams.get('code'));
    const { body } = await exchange(server.url, code);
    await server.database.knex.transaction(async (trx) => {
      await trx.raw("SET LOCAL session_replication_role = 'replica'");
      await trx('people').where({ id }).update({ disabled_at: new Date() });
    });
    expect(await recordedWhy(server, refresh(server.url, String(body.refresh_token)))).toEqual({
      reason: 'person.gone',
    });
  });

  it('for the code of a device', async () => {
    const { client_id: id } = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [DEVICE],
    });
    const fields = { client_id: id, grant_type: DEVICE };
    const { body } = await postForm(`${server.url}/auth/device_authorization`, {
      client_id: id,
      scope: 'openid',
    });
    const device_code = String(body.device_code);
    await ask({ ...fields, device_code });
    expect(await why({ ...fields, device_code: 'x' })).toEqual({ reason: 'device_code.not_valid' });
    expect(await why({ ...fields, device_code })).toEqual({ reason: 'device_code.asked_too_soon' });
    await withStillTime(async (time) => {
      time.forward(3600);
      const { reason, expected } = await why({ ...fields, device_code });
      expect({ reason, expected }).toEqual({
        reason: 'device_code.expired',
        expected: { now: instant(time.now()) },
      });
    });
  });
});

describe('a DPoP proof that is refused says why', () => {
  const htu = () => `${server.url}/auth/token`;

  it('for each of its claims', async () => {
    const key = await aClientKey();
    const token = await refreshToken();
    const fields = { ...WEB, grant_type: 'refresh_token', refresh_token: token };
    const of = async (claims: Record<string, unknown>, htm = 'POST', to = htu()) =>
      why(fields, { dpop: await dpopProof(key, { htm, htu: to }, claims) });
    await withStillTime(async (time) => {
      const old = time.now() - 301;
      expect(await of({ iat: old })).toEqual({
        reason: 'proof.iat_not_recent',
        came: { iat: instant(old) },
        expected: { now: instant(time.now()) },
      });
      expect(await of({ iat: undefined })).toEqual({
        reason: 'proof.claim_malformed',
        came: { iat: 'nothing' },
      });
      expect(await of({ jti: 7 })).toEqual({ reason: 'proof.claim_malformed', came: { jti: '7' } });
      expect(await of({ nonce: 'x' })).toEqual({ reason: 'proof.nonce_unsupported' });
      expect(await of({}, 'GET')).toEqual({
        reason: 'proof.htm_wrong',
        came: { htm: 'GET' },
        expected: { htm: 'POST' },
      });
      expect(await of({}, 'POST', `${server.url}/auth/Token?x=y`)).toEqual({
        reason: 'proof.htu_wrong',
        came: { htu: `${server.url}/auth/Token?x=…` },
        expected: { htu: htu() },
      });
      expect(await why(fields, { dpop: 'x' })).toEqual({
        reason: 'proof.malformed',
        expected: { typ: 'dpop+jwt', alg: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] },
      });
    });
  });

  it('that is missing, was used before, or is of another key', async () => {
    const bound = await aClient(server, { type: 'public', require_dpop: true });
    const { code_verifier, ...challenge } = pkce();
    const code = await obtainCode(server.url, { client_id: bound.client_id, ...challenge }, browser);
    const { client_id: id } = bound;
    const grant = { client_id: id, redirect_uri: bound.redirect_uri, code, code_verifier };
    const exchanged = { ...grant, grant_type: 'authorization_code' };
    const [key, other] = [await aClientKey(), await aClientKey()];
    expect(await why(exchanged)).toEqual({ reason: 'proof.missing' });
    const proof = await dpopProof(key, { htu: htu() }, { jti: 'once' });
    const { body } = await ask(exchanged, { dpop: proof });
    const again = { client_id: id, grant_type: 'refresh_token', refresh_token: String(body.refresh_token) };
    expect(await why(again, { dpop: proof })).toEqual({ reason: 'proof.used_before', came: { jti: 'once' } });
    expect((await why(again, { dpop: await dpopProof(other, { htu: htu() }) })).reason).toEqual('key.other');
  });
});
