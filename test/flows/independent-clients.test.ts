import { calculateJwkThumbprint, createRemoteJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { tiedRequest } from '../support/clients/openid-client.ts';
import { ADA, DEMO_SPA, DEMO_WEB, signIn } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** Client libraries by other authors, with all their checks. Only plain http, which they refuse, is allowed here. */
describe('a client that somebody else wrote', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** Follows an authorization request as a person does, and returns the address of the client's answer. */
  const follow = async (url: URL): Promise<URL> => {
    const { page } = await signIn(server.url, { parameters: Object.fromEntries(url.searchParams) });
    return new URL(page.location ?? '');
  };

  describe('openid-client', () => {
    const discover = (clientId: string, authentication: client.ClientAuth) =>
      client.discovery(new URL(server.url), clientId, undefined, authentication, {
        execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
      });

    it.each([
      ['client_secret_basic', DEMO_WEB, client.ClientSecretBasic(DEMO_WEB.client_secret)],
      ['client_secret_post', DEMO_WEB, client.ClientSecretPost(DEMO_WEB.client_secret)],
      ['none', DEMO_SPA, client.None()],
    ])('signs somebody in, with %s', async (_method, { client_id, redirect_uri }, authentication) => {
      const config = await discover(client_id, authentication);
      const { parameters, checks } = await tiedRequest({ redirect_uri, scope: 'openid profile email' });
      const url = client.buildAuthorizationUrl(config, { ...parameters, max_age: '3600' });

      const tokens = await client.authorizationCodeGrant(config, await follow(url), {
        ...checks,
        maxAge: 3600,
      });
      expect(tokens.claims()?.sub).toBe(ADA.id);
      expect(await client.fetchUserInfo(config, tokens.access_token, ADA.id)).toMatchObject({
        email: 'ada@demo.example',
        name: 'Ada Lovelace',
      });

      const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
      expect(refreshed.claims()).toMatchObject({ sub: ADA.id, nonce: parameters.nonce });
      const introspected = () => client.tokenIntrospection(config, refreshed.access_token);
      const isPublic = client_id === DEMO_SPA.client_id;
      if (isPublic)
        await expect(introspected()).rejects.toMatchObject({ error: 'invalid_client', status: 401 });
      else expect(await introspected()).toMatchObject({ active: true });
      await client.tokenRevocation(config, String(refreshed.refresh_token));
      if (!isPublic) expect(await introspected()).toEqual({ active: false });
      await expect(client.fetchUserInfo(config, refreshed.access_token, ADA.id)).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        status: 401,
      });
    });

    it('pushes its request first', async () => {
      const { client_id, client_secret, redirect_uri } = DEMO_WEB;
      const config = await discover(client_id, client.ClientSecretBasic(client_secret));
      const url = await client.buildAuthorizationUrlWithPAR(config, { redirect_uri, scope: 'openid' });
      const { browser } = await signIn(server.url);
      const page = await browser.get(url.href);
      const tokens = await client.authorizationCodeGrant(config, new URL(page.location ?? ''), {
        idTokenExpected: true,
      });
      expect(tokens.claims()?.sub).toBe(ADA.id);
    });

    it('is told why it was refused in a way that it understands', async () => {
      const { client_id, client_secret, redirect_uri } = DEMO_WEB;
      const config = await discover(client_id, client.ClientSecretBasic(client_secret));
      const answered = await follow(
        client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid everything' }),
      );
      await expect(client.authorizationCodeGrant(config, answered)).rejects.toMatchObject({
        code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
        error: 'invalid_scope',
        error_description: 'Invalid scopes',
      });
      await expect(client.refreshTokenGrant(config, 'unknown')).rejects.toMatchObject({
        code: 'OAUTH_RESPONSE_BODY_ERROR',
        error: 'invalid_grant',
        error_description: 'Refresh token is not valid',
        status: 400,
      });
      const wrong = await discover(client_id, client.ClientSecretBasic('wrong'));
      await expect(client.refreshTokenGrant(wrong, 'unknown')).rejects.toMatchObject({
        code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
        status: 401,
      });
    });
  });

  describe('oauth4webapi', () => {
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const relyingParty: oauth.Client = { client_id: DEMO_WEB.client_id };
    const authentication = oauth.ClientSecretBasic(DEMO_WEB.client_secret);
    const discover = async (algorithm: 'oidc' | 'oauth2') => {
      const issuer = new URL(server.url);
      return oauth.processDiscoveryResponse(
        issuer,
        await oauth.discoveryRequest(issuer, { algorithm, ...insecure }),
      );
    };

    it.each(['oidc', 'oauth2'] as const)('signs somebody in, found by %s discovery', async (algorithm) => {
      const as = await discover(algorithm);
      const [verifier, nonce, state] = [
        oauth.generateRandomCodeVerifier(),
        oauth.generateRandomNonce(),
        oauth.generateRandomState(),
      ];
      const url = new URL(String(as.authorization_endpoint));
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: DEMO_WEB.client_id,
        redirect_uri: DEMO_WEB.redirect_uri,
        scope: 'openid email',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
        state,
      }).toString();

      // It requires `iss`, which discovery promises (RFC 9207).
      const parameters = oauth.validateAuthResponse(as, relyingParty, await follow(url), state);
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        relyingParty,
        authentication,
        parameters,
        DEMO_WEB.redirect_uri,
        verifier,
        insecure,
      );
      const tokens = await oauth.processAuthorizationCodeResponse(as, relyingParty, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      });
      await oauth.validateApplicationLevelSignature(as, response, insecure);
      expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: ADA.id, aud: DEMO_WEB.client_id });

      const info = await oauth.userInfoRequest(as, relyingParty, tokens.access_token, insecure);
      expect(await oauth.processUserInfoResponse(as, relyingParty, ADA.id, info)).toMatchObject({
        email: 'ada@demo.example',
      });
      const refreshed = await oauth.processRefreshTokenResponse(
        as,
        relyingParty,
        await oauth.refreshTokenGrantRequest(
          as,
          relyingParty,
          authentication,
          String(tokens.refresh_token),
          insecure,
        ),
      );

      // Its check of RFC 9068, for a service that receives one of our access tokens.
      const request = new Request('https://service.example/', {
        headers: { authorization: `Bearer ${refreshed.access_token}` },
      });
      expect(await oauth.validateJwtAccessToken(as, request, server.url, insecure)).toMatchObject({
        sub: ADA.id,
        client_id: DEMO_WEB.client_id,
        scope: 'openid email',
      });
    });

    it('refuses an answer that another issuer could have given', async () => {
      const as = await discover('oidc');
      const answer = new URLSearchParams({ code: 'code', state: 'state' });
      expect(() => oauth.validateAuthResponse(as, relyingParty, answer, 'state')).toThrow('iss');
    });
  });

  describe('jose', () => {
    it("finds the key of an ID token by its kid, which is the key's thumbprint (RFC 7638)", async () => {
      const config = await client.discovery(
        new URL(server.url),
        DEMO_WEB.client_id,
        undefined,
        client.ClientSecretPost(DEMO_WEB.client_secret),
        {
          execute: [client.allowInsecureRequests],
        },
      );
      const { redirect_uri } = DEMO_WEB;
      const answered = await follow(client.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid' }));
      const { id_token = '' } = await client.authorizationCodeGrant(config, answered);
      const { keys } = (await (await fetch(`${server.url}/auth/jwks`)).json()) as { keys: JWK[] };
      const { kid } = decodeProtectedHeader(id_token);
      const key = keys.find((candidate) => candidate.kid === kid);
      expect(key && (await calculateJwkThumbprint(key))).toBe(kid);

      const jwks = createRemoteJWKSet(new URL(`${server.url}/auth/jwks`));
      const expected = { issuer: server.url, audience: DEMO_WEB.client_id };
      expect((await jwtVerify(id_token, jwks, expected)).payload.sub).toBe(ADA.id);
      await expect(jwtVerify(`${id_token.slice(0, -8)}AAAAAAAA`, jwks, expected)).rejects.toMatchObject({
        code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      });
    });
  });
});
