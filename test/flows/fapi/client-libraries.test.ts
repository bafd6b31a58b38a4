import { decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  authorizeAt,
  FAPI_CALLBACK,
  type FapiClient,
  startFapiServer,
} from '../../support/clients/fapi-client.ts';
import { tiedRequest } from '../../support/clients/openid-client.ts';
import { ADA } from '../../support/clients/relying-party.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

/**
 * The whole flow of FAPI 2.0 with libraries by other authors: pushed, with PKCE, `private_key_jwt` and DPoP. Only plain
 * http, which they refuse, is allowed here.
 */
describe.each([
  ['short', 'all'],
  ['long', 'none'],
])('FAPI 2.0 on the %s way', (_way, DIRECT) => {
  let server: TestServer;
  let bank: FapiClient;
  beforeAll(async () => {
    ({ server, bank } = await startFapiServer({ env: { DIRECT } }));
  });
  afterAll(() => server.close());

  const metadata = { redirect_uris: [FAPI_CALLBACK], id_token_signed_response_alg: 'ES256' };

  it('works with openid-client', async () => {
    const config = await client.discovery(
      new URL(server.url),
      bank.client_id,
      metadata,
      client.PrivateKeyJwt(bank.key.privateKey),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    );
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const { parameters, checks } = await tiedRequest({ redirect_uri: FAPI_CALLBACK, scope: 'openid email' });
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);

    const answer = await authorizeAt(url.href, openBrowser());
    const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
    expect({ type: tokens.token_type, sub: tokens.claims()?.sub }).toEqual({ type: 'dpop', sub: ADA.id });
    const used = async (accessToken: string) => {
      expect(decodeProtectedHeader(accessToken).alg).toBe('ES256');
      expect(await client.tokenIntrospection(config, accessToken)).toMatchObject({ active: true });
      return client.fetchUserInfo(config, accessToken, ADA.id, { DPoP });
    };
    expect(await used(tokens.access_token)).toMatchObject({ email: ADA.email });

    const token = String(tokens.refresh_token);
    for (let times = 0; times < 2; times += 1) {
      const refreshed = await client.refreshTokenGrant(config, token, undefined, { DPoP });
      expect(refreshed.refresh_token).toBe(token);
      expect(await used(refreshed.access_token)).toMatchObject({ email: ADA.email });
    }
    await client.tokenRevocation(config, token);
    await expect(client.refreshTokenGrant(config, token, undefined, { DPoP })).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect(await client.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false });
  });

  it('works with oauth4webapi', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(server.url);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const party: oauth.Client = { client_id: bank.client_id, ...metadata };
    const authentication = oauth.PrivateKeyJwt(bank.key.privateKey);
    const options = { ...insecure, DPoP: oauth.DPoP(party, await oauth.generateKeyPair('ES256')) };
    const verifier = oauth.generateRandomCodeVerifier();
    const [nonce, state] = [oauth.generateRandomNonce(), oauth.generateRandomState()];
    const request = new URLSearchParams({
      ...{ client_id: bank.client_id, response_type: 'code', redirect_uri: FAPI_CALLBACK, nonce, state },
      ...{ scope: 'openid', code_challenge_method: 'S256' },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    });
    const pushed = await oauth.processPushedAuthorizationResponse(
      as,
      party,
      await oauth.pushedAuthorizationRequest(as, party, authentication, request, options),
    );
    const query = new URLSearchParams({ client_id: bank.client_id, request_uri: pushed.request_uri });
    const answer = await authorizeAt(`${as.authorization_endpoint}?${query}`, openBrowser());
    const tokens = await oauth.processAuthorizationCodeResponse(
      as,
      party,
      await oauth.authorizationCodeGrantRequest(
        as,
        party,
        authentication,
        oauth.validateAuthResponse(as, party, answer, state),
        FAPI_CALLBACK,
        verifier,
        options,
      ),
      { expectedNonce: nonce, requireIdToken: true },
    );
    expect(tokens.token_type).toBe('dpop');
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(ADA.id);
    const userinfo = await oauth.userInfoRequest(as, party, tokens.access_token, options);
    expect(await oauth.processUserInfoResponse(as, party, ADA.id, userinfo)).toMatchObject({ sub: ADA.id });
    const refreshed = await oauth.processRefreshTokenResponse(
      as,
      party,
      await oauth.refreshTokenGrantRequest(as, party, authentication, String(tokens.refresh_token), options),
    );
    expect(refreshed.refresh_token).toBe(tokens.refresh_token);
  });
});
