import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import {
  aFapiClient,
  authorizeAt,
  FAPI_CALLBACK,
  type FapiClient,
  startFapiServer,
} from '../../support/clients/fapi-client.ts';
import { tiedRequest } from '../../support/clients/openid-client.ts';
import { ADA, brief, refused } from '../../support/clients/relying-party.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import {
  BEHIND_TLS_PROXY,
  certificateHeader,
  startBehindTlsProxy,
  type TlsProxy,
} from '../../support/servers/tls-proxy.ts';

describe('a client with the profile fapi2 whose tokens are bound to its certificate', () => {
  let server: TestServer;
  let bank: FapiClient;
  const mine = aCertificate();
  const connected = { dpop: '', headers: certificateHeader(mine) };
  beforeAll(async () => {
    const columns = { tls_client_certificate_bound_access_tokens: true };
    ({ server, bank } = await startFapiServer({ env: BEHIND_TLS_PROXY, columns }));
  });
  afterAll(() => server.close());

  it('needs no proof, and gets nothing without the certificate', async () => {
    const code = await bank.obtainCode(openBrowser());
    expect(brief(await bank.exchange(code, { dpop: '' }))).toEqual(
      refused('invalid_request', 'This client must connect with a certificate'),
    );
    const { body } = await bank.exchange(code, connected);
    expect(decodeJwt(String(body.access_token)).cnf).toEqual({ 'x5t#S256': mine.thumbprint });
  });

  it('refreshes any number of times at once with one token', async () => {
    const { body } = await bank.exchange(await bank.obtainCode(openBrowser()), connected);
    const token = String(body.refresh_token);
    const answers = await Promise.all(Array.from({ length: 10 }, () => bank.refresh(token, connected)));
    const seen = answers.map(({ status, body: { refresh_token } }) => [status, refresh_token === token]);
    expect(seen).toEqual(Array(10).fill([200, true]));
  });
});

/** The whole flow with a library by other authors, which connects with its certificate at a proxy that ends TLS. */
describe.each([
  ['short', 'all'],
  ['long', 'none'],
])('FAPI 2.0 with certificates on the %s way', (_way, DIRECT) => {
  let server: TestServer;
  let proxy: TlsProxy;
  const [mine, other] = [aCertificate(), aCertificate()];
  beforeAll(async () => {
    ({ server, proxy } = await startBehindTlsProxy({ DIRECT }));
  });
  afterAll(() => server.close());

  const bound = { tls_client_certificate_bound_access_tokens: true };
  const byCertificate = async () => ({
    bank: await aFapiClient(server, {
      ...bound,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [mine.jwk] },
    }),
    authentication: client.TlsClientAuth(),
  });
  const byKey = async () => {
    const bank = await aFapiClient(server, bound);
    return { bank, authentication: client.PrivateKeyJwt(bank.key.privateKey) };
  };

  it.each([
    ['the certificate', byCertificate],
    ['private_key_jwt', byKey],
  ])('works with openid-client, which authenticates by %s', async (_by, register) => {
    const { bank, authentication } = await register();
    const configure = (by = mine) =>
      client.discovery(
        new URL(server.url),
        bank.client_id,
        {
          redirect_uris: [FAPI_CALLBACK],
          id_token_signed_response_alg: 'ES256',
          use_mtls_endpoint_aliases: true,
        },
        authentication,
        {
          execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
          [client.customFetch]: proxy.fetchWith(by) as never,
        },
      );
    const config = await configure();
    const { parameters, checks } = await tiedRequest({ redirect_uri: FAPI_CALLBACK, scope: 'openid email' });
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
    const answer = await authorizeAt(url.href, openBrowser());
    const tokens = await client.authorizationCodeGrant(config, answer, checks);
    expect({ type: tokens.token_type, sub: tokens.claims()?.sub }).toEqual({ type: 'bearer', sub: ADA.id });
    const token = String(tokens.refresh_token);
    const refreshed = await client.refreshTokenGrant(config, token);
    expect(refreshed.refresh_token).toBe(token);
    const thief = await configure(other);
    for (const { access_token } of [tokens, refreshed]) {
      expect(decodeJwt(access_token).cnf).toEqual({ 'x5t#S256': mine.thumbprint });
      expect((await client.fetchUserInfo(config, access_token, ADA.id)).email).toBe(ADA.email);
      await expect(client.fetchUserInfo(thief, access_token, ADA.id)).rejects.toMatchObject({ status: 401 });
      expect(await client.tokenIntrospection(config, access_token)).toMatchObject({ active: true });
    }
    await client.tokenRevocation(config, token);
    await expect(client.refreshTokenGrant(config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});
