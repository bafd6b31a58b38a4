import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBrowser } from '../support/browsers/browser.ts';
import { aCertificate } from '../support/clients/certificates.ts';
import { aFapiClient, type FapiClient } from '../support/clients/fapi-client.ts';
import {
  aClientKey,
  type Claims,
  type ClientKey,
  dpopProof,
  signingWith,
} from '../support/clients/proofs.ts';
import { obtainCode, postForm } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { BEHIND_TLS_PROXY, certificateHeader } from '../support/servers/tls-proxy.ts';
import { API } from './registration.ts';
import { createResource } from './resource.ts';

const mine = aCertificate();
const other = aCertificate();

describe('the API for the conformance suite', () => {
  let server: TestServer;
  let api: Server;
  let apiAt: string;
  let aheadMs = 0;
  let bank: FapiClient;
  let key: ClientKey;
  beforeAll(async () => {
    server = await startTestServer({
      env: BEHIND_TLS_PROXY,
      overrides: { clock: { now: () => new Date(Date.now() + aheadMs) } },
    });
    const { client_secret: secret } = await aClient(server, { id: API, may_introspect: true });
    const answer = createResource({ issuer: server.url, server: server.url, secret });
    // The front hands on a certificate of TLS; here a header names it.
    const certificates: Record<string, Buffer> = { mine: mine.der, other: other.der };
    api = createServer((req, res) => {
      const certificate = certificates[String(req.headers['x-certificate'])];
      void answer(req, certificate).then(({ status, body }) =>
        res.writeHead(status).end(JSON.stringify(body)),
      );
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    apiAt = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    bank = await aFapiClient(server);
    key = await aClientKey('PS256');
  });
  afterAll(async () => {
    api.closeAllConnections();
    api.close();
    await server.close();
  });

  const ask = async (headers: Record<string, string>, method = 'GET') =>
    (await fetch(`${apiAt}/resource`, { method, headers })).status;
  const tokenOf = async (by: FapiClient, changes: Parameters<FapiClient['exchange']>[1]) => {
    const { body } = await by.exchange(await by.obtainCode(openBrowser()), changes);
    return String(body.access_token);
  };
  const provedToken = async () =>
    tokenOf(bank, { dpop: await dpopProof(key, { htu: `${server.url}/auth/token` }) });
  const htu = () => `${server.url}/resource`;
  const proved = async (accessToken: string, by = key, claims: Claims = {}) => ({
    authorization: `DPoP ${accessToken}`,
    dpop: await dpopProof(by, { htm: 'GET', htu: htu(), accessToken }, claims),
  });

  it('takes a proof of the key that the token is bound to, by the algorithms of FAPI 2.0 alone', async () => {
    const token = await provedToken();
    expect(await ask(await proved(token))).toBe(200);
    expect(await ask(await proved(token, await signingWith(key, 'RS256')))).toBe(401);
    expect(await ask(await proved(token, await aClientKey('PS256')))).toBe(401);
  });

  it.each<[string, Claims]>([
    ['another method', { htm: 'POST' }],
    ['another address', { htu: 'https://elsewhere.example/resource' }],
    ['the hash of another token', { ath: 'a'.repeat(43) }],
    ['no hash', { ath: undefined }],
    ['a time an hour ago', { iat: Math.floor(Date.now() / 1000) - 3600 }],
    ['no time', { iat: undefined }],
    ['no id', { jti: undefined }],
  ])('refuses a proof with %s', async (_what, claims) => {
    const token = await provedToken();
    expect(await ask(await proved(token, key, claims))).toBe(401);
    expect(await ask(await proved(token))).toBe(200);
  });

  it('takes each proof once, also of many at once', async () => {
    const headers = await proved(await provedToken());
    const statuses = await Promise.all(Array.from({ length: 6 }, () => ask(headers)));
    expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401, 401]);
  });

  it('refuses a token without its proof, or as a bearer’s', async () => {
    const token = await provedToken();
    const { dpop } = await proved(token);
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: `DPoP ${token}` })).toBe(401);
    expect(await ask({ authorization: `Bearer ${token}` })).toBe(401);
    expect(await ask({ authorization: `Bearer ${token}`, dpop })).toBe(401);
    expect(await ask({ authorization: 'DPoP unknown', dpop })).toBe(401);
  });

  it('refuses a token that has expired, or that was revoked', async () => {
    const token = await provedToken();
    aheadMs = 48 * 3_600_000;
    expect(await ask(await proved(token))).toBe(401);
    aheadMs = 0;
    expect(await ask(await proved(token))).toBe(200);
    await postForm(`${server.url}/auth/revoke`, { token, ...(await bank.assertion()) });
    expect(await ask(await proved(token))).toBe(401);
  });

  it('takes a token that is bound to a certificate with that certificate alone', async () => {
    const bound = await aFapiClient(server, { tls_client_certificate_bound_access_tokens: true });
    const token = await tokenOf(bound, { dpop: '', headers: certificateHeader(mine) });
    const authorization = `Bearer ${token}`;
    expect(await ask({ authorization, 'x-certificate': 'mine' })).toBe(200);
    expect(await ask({ authorization, 'x-certificate': 'other' })).toBe(401);
    expect(await ask({ authorization })).toBe(401);
    expect(await ask({ ...(await proved(token)), 'x-certificate': 'mine' })).toBe(401);
    const dpop = await dpopProof(key, { htu: `${server.url}/auth/token` });
    const both = await tokenOf(bound, { dpop, headers: certificateHeader(mine) });
    expect(await ask({ authorization: `Bearer ${both}`, 'x-certificate': 'mine' })).toBe(401);
  });

  it('refuses a token that is bound to nothing, or signed with RS256', async () => {
    const tokenFor = async (
      { client_id, client_secret, redirect_uri }: TestClient,
      headers: Record<string, string>,
    ) => {
      const code = await obtainCode(server.url, { client_id, redirect_uri }, openBrowser());
      const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id, client_secret };
      const { body } = await postForm(`${server.url}/auth/token`, fields, headers);
      return String(body.access_token);
    };
    const standard = await aClient(server);
    expect(await ask({ authorization: `Bearer ${await tokenFor(standard, {})}` })).toBe(401);
    const dpop = await dpopProof(key, { htu: `${server.url}/auth/token` });
    expect(await ask(await proved(await tokenFor(standard, { dpop })))).toBe(401);
    const certified = await aClient(server, { tls_client_certificate_bound_access_tokens: true });
    const authorization = `Bearer ${await tokenFor(certified, certificateHeader(mine))}`;
    expect(await ask({ authorization, 'x-certificate': 'mine' })).toBe(401);
  });
});
