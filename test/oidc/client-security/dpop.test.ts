import { calculateJwkThumbprint, decodeJwt } from 'jose';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, type Claims, type ClientKey, dpopProof } from '../../support/clients/proofs.ts';
import {
  ADA,
  type Answer,
  DEMO_SPA,
  DEMO_WEB,
  getJson,
  obtainCode,
  pkce,
  postForm,
  signIn,
  statusAndError,
  type Tokens,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('a client may ask for tokens bound to its key (DPoP)', () => {
  let server: TestServer;
  let key: ClientKey;
  const browser = openBrowser();
  const tokenEndpoint = () => `${server.url}/auth/token`;
  const userinfoEndpoint = () => `${server.url}/auth/userinfo`;
  beforeAll(async () => {
    server = await startTestServer();
    key = await aClientKey();
  });
  afterAll(() => server.close());

  const exchangeAs = async (
    { client_id, client_secret, redirect_uri }: TestClient,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const code = await obtainCode(server.url, { client_id, redirect_uri }, browser);
    const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret };
    return postForm(tokenEndpoint(), fields, headers);
  };
  const boundTokens = async () => {
    const answer = await exchangeAs(DEMO_WEB, { dpop: await dpopProof(key, { htu: tokenEndpoint() }) });
    return answer.body as unknown as Tokens & { refresh_token: string };
  };
  const askUserinfo = async (
    accessToken: string,
    { by = key, claims = {}, scheme = 'DPoP' }: { by?: ClientKey; claims?: Claims; scheme?: string } = {},
  ) =>
    getJson(userinfoEndpoint(), {
      authorization: `${scheme} ${accessToken}`,
      dpop: await dpopProof(by, { htm: 'GET', htu: userinfoEndpoint(), accessToken }, claims),
    });

  it('works with a client library, for a browser application too', async () => {
    const config = await client.discovery(new URL(server.url), DEMO_SPA.client_id, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const { code_verifier, ...challenge } = pkce();
    const { page } = await signIn(server.url, { parameters: { ...DEMO_SPA, ...challenge }, browser });
    const tokens = await client.authorizationCodeGrant(
      config,
      new URL(page.location ?? ''),
      { pkceCodeVerifier: code_verifier },
      undefined,
      { DPoP },
    );
    expect(tokens.token_type).toBe('dpop');
    expect(await client.fetchUserInfo(config, tokens.access_token, ADA.id, { DPoP })).toMatchObject({
      sub: ADA.id,
    });
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token), undefined, {
      DPoP,
    });
    expect(refreshed.token_type).toBe('dpop');
  });

  it('names the key in the access token, and is said to introspection', async () => {
    const tokens = await boundTokens();
    const jkt = await calculateJwkThumbprint(key.publicJwk);
    expect(tokens.token_type).toBe('DPoP');
    expect(decodeJwt(tokens.access_token).cnf).toEqual({ jkt });
    const { client_id, client_secret } = DEMO_WEB;
    const introspected = await postForm(`${server.url}/auth/introspect`, {
      token: tokens.access_token,
      client_id,
      client_secret,
    });
    expect(introspected.body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt } });
  });

  it('is refused to whoever has the token and not the key', async () => {
    const { access_token } = await boundTokens();
    expect((await askUserinfo(access_token)).status).toBe(200);
    expect((await askUserinfo(access_token, { by: await aClientKey() })).status).toBe(401);
    expect((await askUserinfo(access_token, { scheme: 'Bearer' })).status).toBe(400);
    expect((await getJson(userinfoEndpoint(), { authorization: `Bearer ${access_token}` })).status).toBe(401);
  });

  it('accepts a proof once, of any number sent together', async () => {
    const { access_token } = await boundTokens();
    const claims = { jti: 'the same for all of them' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => askUserinfo(access_token, { claims })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
    const refused = answers.filter(({ status }) => status === 401).map(({ body }) => body.error);
    expect(refused).toEqual(Array(9).fill('invalid_dpop_proof'));
  });

  it('accepts a proof that is dated ahead once, for as long as its date allows', async () => {
    const { access_token } = await boundTokens();
    const claims = { jti: 'from a clock that is fast', iat: Math.floor(Date.now() / 1000) + 290 };
    expect((await askUserinfo(access_token, { claims })).status).toBe(200);
    await server.database.knex.raw("UPDATE used_proofs SET expires_at = expires_at - interval '301 seconds'");
    await runJob(server, 'housekeeping');
    expect((await askUserinfo(access_token, { claims })).status).toBe(401);
  });

  it.each<[string, Claims]>([
    ['for another method', { htm: 'POST' }],
    ['for another address', { htu: 'https://other.example/auth/userinfo' }],
    ['for another token', { ath: 'AAAA' }],
    ['that is old', { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ['without a jti', { jti: undefined }],
  ])('refuses a proof %s', async (_what, claims) => {
    const { access_token } = await boundTokens();
    expect(statusAndError(await askUserinfo(access_token, { claims }))).toEqual({
      status: 401,
      error: 'invalid_dpop_proof',
    });
  });

  it('is required where the registration says so', async () => {
    const careful = await aClient(server, { require_dpop: true });
    expect(statusAndError(await exchangeAs(careful))).toEqual({ status: 400, error: 'invalid_dpop_proof' });
    const bound = await exchangeAs(careful, { dpop: await dpopProof(key, { htu: tokenEndpoint() }) });
    expect({ status: bound.status, token_type: bound.body.token_type }).toEqual({
      status: 200,
      token_type: 'DPoP',
    });
  });

  it('holds a browser application’s refresh token, too: it is useless without the key', async () => {
    const { code_verifier, ...challenge } = pkce();
    const code = await obtainCode(server.url, { ...DEMO_SPA, ...challenge }, browser);
    const fields = { grant_type: 'authorization_code', code, code_verifier, ...DEMO_SPA };
    const proof = async (by: ClientKey) => ({ dpop: await dpopProof(by, { htu: tokenEndpoint() }) });
    const { body } = await postForm(tokenEndpoint(), fields, await proof(key));
    const refreshWith = async (
      headers: Record<string, string>,
      refresh_token = String(body.refresh_token),
    ) => {
      const more = { grant_type: 'refresh_token', refresh_token };
      return postForm(tokenEndpoint(), { ...more, client_id: DEMO_SPA.client_id }, headers);
    };
    expect((await refreshWith({})).body.error).toBe('invalid_dpop_proof');
    expect((await refreshWith(await proof(await aClientKey()))).body.error).toBe('invalid_grant');
    const once = await proof(key);
    const refreshed = await refreshWith(once);
    const again = { ...body, ...refreshed.body };
    expect((await refreshWith(once, String(again.refresh_token))).body).toEqual({
      error: 'invalid_dpop_proof',
      error_description: 'The DPoP proof was used before',
    });
    expect((await refreshWith(await proof(key), String(again.refresh_token))).status).toBe(200);
    expect({ status: refreshed.status, token_type: refreshed.body.token_type }).toEqual({
      status: 200,
      token_type: 'DPoP',
    });
  });
});
