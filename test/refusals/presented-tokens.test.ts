import { openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, dpopProof } from '../support/clients/proofs.ts';
import {
  DEMO_WEB,
  getJson,
  obtainTokens,
  postForm,
  refresh,
  type Tokens,
  userinfo,
} from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const { client_id, client_secret } = DEMO_WEB;
const WEB = { client_id, client_secret };

let server: TestServer;
let other: TestClient;
const browser = openBrowser();
beforeAll(async () => {
  server = await startTestServer();
  other = await aClient(server);
});
afterAll(() => server.close());

const tokens = () => obtainTokens(server.url, {}, browser);
const as = ({ client_id: id, client_secret: secret }: TestClient) => ({
  client_id: id,
  client_secret: secret,
});
const post = (path: string, fields: Record<string, string>) =>
  recordedWhy(server, postForm(`${server.url}/auth/${path}`, fields));
const instant = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
const reasonsOf = async (...answers: Promise<{ headers: Headers }>[]) => {
  const found: unknown[] = [];
  for (const answer of answers) found.push((await recordedWhy(server, answer)).reason);
  return found;
};

/** Tokens of a sign-in whose access token is an hour old. */
const late = async (work: (old: Tokens, now: number) => Promise<void>) =>
  withStillTime(async (time) => {
    const old = await obtainTokens(server.url);
    time.forward(3601);
    await work(old, time.now());
  });

describe('userinfo says why it refuses', () => {
  const get = (headers: Record<string, string>, query = '') =>
    getJson(`${server.url}/auth/userinfo${query}`, headers);

  it('the form of a request', async () => {
    const form = postForm(
      `${server.url}/auth/userinfo`,
      { access_token: 'x' },
      { authorization: 'Bearer x' },
    );
    expect(
      await reasonsOf(
        get({}),
        get({ authorization: 'Bearer' }),
        get({ authorization: 'Basic x' }),
        get({ authorization: 'DPoP x' }),
        get({ authorization: 'Bearer x', dpop: 'y' }),
        get({}, '?access_token=x'),
        form,
      ),
    ).toEqual([
      'access_token.missing',
      'access_token.header_malformed',
      'access_token.scheme_wrong',
      'access_token.proof_missing',
      'access_token.scheme_wrong',
      'access_token.in_address',
      'access_token.several',
    ]);
  });

  it('a token', async () => {
    const { access_token, id_token } = await tokens();
    await postForm(`${server.url}/auth/revoke`, { ...WEB, token: access_token });
    const ended = await tokens();
    await postForm(`${server.url}/auth/revoke`, { ...WEB, token: String(ended.refresh_token) });
    expect(
      await reasonsOf(
        userinfo(server.url, 'x'),
        userinfo(server.url, id_token),
        userinfo(server.url, access_token),
        userinfo(server.url, ended.access_token),
      ),
    ).toEqual([
      'access_token.not_valid',
      'access_token.is_id_token',
      'access_token.revoked',
      'access_token.ended',
    ]);
  });

  it('a token that has expired, with both times', async () => {
    await late(async ({ access_token }, now) => {
      expect(await recordedWhy(server, userinfo(server.url, access_token))).toEqual({
        reason: 'access_token.expired',
        came: { exp: instant(now - 1) },
        expected: { now: instant(now) },
      });
    });
  });

  it('a scope', async () => {
    const { access_token } = await tokens();
    const ask = (scope: string) =>
      get({ authorization: `Bearer ${access_token}` }, `?${new URLSearchParams({ scope })}`);
    expect(await recordedWhy(server, ask('openid address'))).toEqual({
      reason: 'access_token.scope_missing',
      came: { scope: ['openid', 'profile', 'email'] },
      expected: { scope: ['address'] },
    });
    expect(await recordedWhy(server, ask('a"'))).toEqual({
      reason: 'scope.malformed',
      came: { scope: 'a"' },
    });
  });

  it('a key', async () => {
    const [key, another] = [await aClientKey(), await aClientKey()];
    const { refresh_token } = await tokens();
    const fields = { ...WEB, grant_type: 'refresh_token', refresh_token: String(refresh_token) };
    const bound = await postForm(`${server.url}/auth/token`, fields, {
      dpop: await dpopProof(key, { htu: `${server.url}/auth/token` }),
    });
    const accessToken = String(bound.body.access_token);
    const htu = `${server.url}/auth/userinfo`;
    const proof = (by = key, of = accessToken) => dpopProof(by, { htm: 'GET', htu, accessToken: of });
    const with_ = async (dpop: string, token = accessToken) => get({ authorization: `DPoP ${token}`, dpop });
    const { access_token: free } = await tokens();
    expect(
      await reasonsOf(
        userinfo(server.url, accessToken),
        with_(await proof(another)),
        with_(await proof(key, 'other')),
        with_(await proof(key, free), free),
      ),
    ).toEqual(['key.not_proven', 'key.other', 'proof.ath_wrong', 'key.not_bound']);
  });
});

describe('introspection says why a token is not active', () => {
  it('to its own client', async () => {
    const { access_token, refresh_token } = await tokens();
    await postForm(`${server.url}/auth/revoke`, { ...WEB, token: access_token });
    const revoked = await post('introspect', { ...WEB, token: access_token });
    await refresh(server.url, String(refresh_token));
    const { body } = await refresh(server.url, String(refresh_token));
    await refresh(server.url, String(body.refresh_token));
    expect(revoked).toEqual({ reason: 'access_token.revoked' });
    expect(await post('introspect', { ...WEB, token: String(refresh_token) })).toEqual({
      reason: 'refresh_token.superseded',
      came: { tokens_behind: '2' },
    });
    expect(await post('introspect', { ...WEB, token: 'nonsense' })).toEqual({
      reason: 'introspection.token_unknown',
    });
    expect(await post('introspect', { token: 'x' })).toEqual({ reason: 'introspection.anonymous' });
  });

  it('and of another client’s token, to the operator alone', async () => {
    const { access_token } = await tokens();
    expect(await post('introspect', { ...as(other), token: access_token })).toEqual({
      reason: 'introspection.token_of_another',
      came: { state: 'good' },
      expected: { client_id },
    });
    await late(async (old) => {
      expect(await post('introspect', { ...as(other), token: old.access_token })).toEqual({
        reason: 'introspection.token_of_another',
        came: { state: 'access_token.expired' },
        expected: { client_id },
      });
      expect((await post('introspect', { ...WEB, token: old.access_token })).reason).toEqual(
        'access_token.expired',
      );
    });
  });

  it('and nothing of one that is', async () => {
    const { access_token, refresh_token } = await tokens();
    for (const token of [access_token, String(refresh_token)])
      expect(await post('introspect', { ...WEB, token })).toEqual({});
  });
});

describe('revocation says why it revoked nothing', () => {
  it('to the client, or to the operator alone', async () => {
    const { access_token } = await tokens();
    expect(await post('revoke', { ...as(other), token: access_token })).toEqual({
      reason: 'revocation.token_of_another',
      expected: { client_id },
    });
    expect(await post('revoke', { ...WEB, token: 'nonsense' })).toEqual({
      reason: 'revocation.token_unknown',
    });
    expect(await post('revoke', { ...WEB, token: access_token })).toEqual({});
  });
});
