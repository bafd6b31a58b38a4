import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { Client } from '../../../src/clients/client.ts';
import { underProfile } from '../../../src/clients/security-profile.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate, type TestCertificate } from '../../support/clients/certificates.ts';
import { aClientKey, dpopProof } from '../../support/clients/proofs.ts';
import {
  ADA,
  type Answer,
  brief,
  getJson,
  obtainCode,
  pkce,
  postForm,
  refused,
  signIn,
} from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { certificateHeader, startBehindTlsProxy, type TlsProxy } from '../../support/servers/tls-proxy.ts';

const mine = aCertificate();
const other = aCertificate();
const x5t = { 'x5t#S256': mine.thumbprint };
const REQUIRED = refused('invalid_request', 'This client must connect with a certificate');
const OTHER_KEY = refused('invalid_grant', 'The refresh token is bound to another key');

describe('tokens that are bound to the certificate of their client (RFC 8705)', () => {
  let server: TestServer;
  let proxy: TlsProxy;
  const browser = openBrowser();
  beforeAll(async () => {
    ({ server, proxy } = await startBehindTlsProxy());
  });
  afterAll(() => server.close());

  const bound = (columns: object = {}) =>
    aClient(server, { tls_client_certificate_bound_access_tokens: true, ...columns });
  const exchange = async (
    { client_id, client_secret, redirect_uri }: TestClient,
    headers: Record<string, string>,
    code?: string,
  ): Promise<Answer> => {
    const { code_verifier, ...challenge } = pkce();
    const secret = client_secret ? { client_secret } : { code_verifier };
    const asked = client_secret ? { client_id, redirect_uri } : { client_id, redirect_uri, ...challenge };
    const fields = { grant_type: 'authorization_code', redirect_uri, client_id, ...secret };
    const sent = { ...fields, code: code ?? (await obtainCode(server.url, asked, browser)) };
    return postForm(`${server.url}/auth/token`, sent, headers);
  };
  const refresh = (
    { client_id, client_secret }: TestClient,
    refresh_token: unknown,
    headers: Record<string, string>,
  ) => {
    const secret = client_secret ? { client_secret } : {};
    const fields = {
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
      client_id,
      ...secret,
    };
    return postForm(`${server.url}/auth/token`, fields, headers);
  };
  const userinfo = (accessToken: unknown, headers: Record<string, string>) =>
    getJson(`${server.url}/auth/userinfo`, { authorization: `Bearer ${accessToken}`, ...headers });

  it('name it, at introspection too, and are no tokens of DPoP', async () => {
    const registered = await bound();
    const { body } = await exchange(registered, certificateHeader(mine));
    expect(body.token_type).toBe('Bearer');
    expect(decodeJwt(String(body.access_token)).cnf).toEqual(x5t);
    const { client_id, client_secret } = registered;
    const fields = { token: String(body.access_token), client_id, client_secret };
    const introspected = await postForm(`${server.url}/auth/introspect`, fields);
    expect(introspected.body).toMatchObject({ active: true, token_type: 'Bearer', cnf: x5t });
    const family = await postForm(`${server.url}/auth/introspect`, {
      ...fields,
      token: String(body.refresh_token),
    });
    expect(family.body).toMatchObject({ active: true });
    expect(family.body).not.toHaveProperty('cnf');
  });

  it('are good with that certificate alone', async () => {
    const { body } = await exchange(await bound(), certificateHeader(mine));
    expect((await userinfo(body.access_token, certificateHeader(mine))).body.sub).toBe(ADA.id);
    expect(brief(await userinfo(body.access_token, {}))).toEqual(
      refused('invalid_token', 'The access token is bound to a certificate: connect with it', 401),
    );
    expect(brief(await userinfo(body.access_token, certificateHeader(other)))).toEqual(
      refused('invalid_token', 'The access token is bound to another certificate', 401),
    );
    const { headers } = await userinfo(body.access_token, {});
    expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
    const broken = await userinfo(body.access_token, { 'client-cert': 'x' });
    expect(brief(broken)).toEqual(
      refused('invalid_request', 'the header with the client certificate has no single certificate'),
    );
  });

  it('are not given without one, and the code stays good', async () => {
    const registered = await bound();
    const { client_id, redirect_uri } = registered;
    const code = await obtainCode(server.url, { client_id, redirect_uri }, browser);
    expect(brief(await exchange(registered, {}, code))).toEqual(REQUIRED);
    const { status, body } = await exchange(registered, certificateHeader(mine), code);
    expect(status).toBe(200);
    // A confidential client may have renewed its certificate meanwhile: it authenticates with each refresh.
    expect(brief(await refresh(registered, body.refresh_token, {}))).toEqual(REQUIRED);
    const refreshed = await refresh(registered, body.refresh_token, certificateHeader(other));
    expect(decodeJwt(String(refreshed.body.access_token)).cnf).toEqual({ 'x5t#S256': other.thumbprint });
  });

  it('are not given to a client that did not ask for them', async () => {
    const registered = await aClient(server);
    const { body } = await exchange(registered, certificateHeader(mine));
    expect(decodeJwt(String(body.access_token))).not.toHaveProperty('cnf');
    expect((await userinfo(body.access_token, certificateHeader(other))).status).toBe(200);
  });

  it('are refused from before the client asked for it', async () => {
    const registered = await aClient(server);
    const { body } = await exchange(registered, {});
    await server.database
      .knex('clients')
      .where({ id: registered.client_id })
      .update({ tls_client_certificate_bound_access_tokens: true });
    server.services.registration.clear();
    expect(brief(await userinfo(body.access_token, certificateHeader(mine)))).toEqual(
      refused(
        'invalid_token',
        "The client's access tokens must be bound to a key now: get one with a certificate",
        401,
      ),
    );
    expect((await refresh(registered, body.refresh_token, certificateHeader(mine))).status).toBe(200);
  });

  it('also bind the refresh tokens of a public client', async () => {
    const registered = await bound({ type: 'public' });
    const { client_id, redirect_uri } = registered;
    const { code_verifier, ...challenge } = pkce();
    const { page } = await signIn(server.url, {
      parameters: { client_id, redirect_uri, ...challenge },
      browser,
    });
    const code = new URL(page.location ?? '').searchParams.get('code') ?? '';
    const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id, code_verifier };
    const { body } = await postForm(`${server.url}/auth/token`, fields, certificateHeader(mine));
    const [row] = await server.database
      .knex('refresh_families as f')
      .join('grants as g', 'g.id', 'f.grant_id')
      .where('g.client_id', client_id)
      .select('f.payload');
    // A release from before compares it with the thumbprint of a proof, and so refuses the token.
    expect(row.payload.jkt).toBe(`x5t#S256:${mine.thumbprint}`);
    expect(brief(await refresh(registered, body.refresh_token, {}))).toEqual(REQUIRED);
    expect(brief(await refresh(registered, body.refresh_token, certificateHeader(other)))).toEqual(OTHER_KEY);
    const key = await aClientKey();
    const dpop = await dpopProof(key, { htu: `${server.url}/auth/token` });
    expect(
      brief(await refresh(registered, body.refresh_token, { ...certificateHeader(mine), dpop })),
    ).toEqual(OTHER_KEY);
    const both = await Promise.all(
      [mine, other, mine, other].map((by) => refresh(registered, body.refresh_token, certificateHeader(by))),
    );
    expect(both.map(({ status }) => status)).toEqual([200, 400, 200, 400]);
  });

  it('are bound enough for the FAPI 2.0 Security Profile, which wants DPoP otherwise', async () => {
    const { client_id } = await bound();
    const client = await server.services.clients.find(client_id);
    if (!client) throw new Error('The client is not there.');
    const requires = (more: Partial<Client>) =>
      underProfile({ ...client, securityProfile: 'fapi2', ...more }).requireDpop;
    expect(requires({})).toBe(false);
    expect(requires({ requireDpop: true })).toBe(true);
    expect(requires({ certificateBoundAccessTokens: false })).toBe(true);
  });

  it('may be bound to a key of DPoP as well, and are then good with both alone', async () => {
    const registered = await bound();
    const key = await aClientKey();
    const proof = (htm: string, path: string, accessToken?: string) =>
      dpopProof(key, { htm, htu: `${server.url}${path}`, ...(accessToken ? { accessToken } : {}) });
    const { body } = await exchange(registered, {
      ...certificateHeader(mine),
      dpop: await proof('POST', '/auth/token'),
    });
    const token = String(body.access_token);
    expect(body.token_type).toBe('DPoP');
    expect(decodeJwt(token).cnf).toEqual({ jkt: expect.any(String), ...x5t });
    const ask = async (headers: Record<string, string>) =>
      getJson(`${server.url}/auth/userinfo`, {
        authorization: `DPoP ${token}`,
        dpop: await proof('GET', '/auth/userinfo', token),
        ...headers,
      });
    expect((await ask(certificateHeader(mine))).status).toBe(200);
    expect((await ask({})).status).toBe(401);
    expect((await ask(certificateHeader(other))).status).toBe(401);
    expect((await userinfo(token, certificateHeader(mine))).status).toBe(401);
  });

  it('work with a client library, which finds them in discovery', async () => {
    const registered = await aClient(server, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [mine.jwk] },
      tls_client_certificate_bound_access_tokens: true,
    });
    const { client_id, redirect_uri } = registered;
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      { use_mtls_endpoint_aliases: true },
      client.TlsClientAuth(),
      {
        execute: [client.allowInsecureRequests],
        [client.customFetch]: proxy.fetchWith(mine) as never,
      },
    );
    expect(config.serverMetadata().tls_client_certificate_bound_access_tokens).toBe(true);
    const url = new URL(redirect_uri);
    url.searchParams.set('code', await obtainCode(server.url, { client_id, redirect_uri }, browser));
    url.searchParams.set('iss', server.url);
    const tokens = await client.authorizationCodeGrant(config, url, { idTokenExpected: true });
    expect(decodeJwt(tokens.access_token).cnf).toEqual(x5t);
    expect((await client.fetchUserInfo(config, tokens.access_token, ADA.id)).sub).toBe(ADA.id);
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    // The thief of a token has another certificate, or none.
    for (const thief of [undefined, other]) {
      const answer = await proxy.fetchWith(thief)(`${proxy.origin}/auth/userinfo`, {
        headers: { authorization: `Bearer ${refreshed.access_token}`, ...certificateHeader(mine) },
      });
      expect(answer.status).toBe(401);
    }
  });

  it('work with oauth4webapi, which authenticates by the certificate', async () => {
    const { client_id, redirect_uri } = await bound({
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [mine.jwk] },
    });
    const by = (certificate: TestCertificate) => ({
      [oauth.allowInsecureRequests]: true,
      [oauth.customFetch]: proxy.fetchWith(certificate) as never,
    });
    const options = by(mine);
    const issuer = new URL(server.url);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
    const party: oauth.Client = { client_id, use_mtls_endpoint_aliases: true };
    const verifier = oauth.generateRandomCodeVerifier();
    const code = await obtainCode(
      server.url,
      {
        ...{ client_id, redirect_uri, state: 'mine', code_challenge_method: 'S256' },
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      },
      browser,
    );
    const parameters = new URLSearchParams({ code, state: 'mine', iss: server.url });
    const callback = oauth.validateAuthResponse(as, party, parameters, 'mine');
    const exchangeBy = (certificate: TestCertificate) =>
      oauth.authorizationCodeGrantRequest(
        ...([as, party, oauth.TlsClientAuth(), callback, redirect_uri, verifier, by(certificate)] as const),
      );
    expect((await exchangeBy(other)).status).toBe(401);
    const tokens = await oauth.processAuthorizationCodeResponse(as, party, await exchangeBy(mine));
    expect(decodeJwt(tokens.access_token).cnf).toEqual(x5t);
    const userinfo = await oauth.userInfoRequest(as, party, tokens.access_token, options);
    expect((await oauth.processUserInfoResponse(as, party, ADA.id, userinfo)).sub).toBe(ADA.id);
    expect((await oauth.userInfoRequest(as, party, tokens.access_token, by(other))).status).toBe(401);
  });
});
