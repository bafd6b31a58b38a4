import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { Browser } from '../../support/browsers/browser.ts';
import { tiedRequest } from '../../support/clients/openid-client.ts';
import { aClientKey, type ClientKey } from '../../support/clients/proofs.ts';
import { ADA, signIn } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

/** Client libraries of other authors, which must push and sign their requests, and take signed answers alone. */
describe('a client that somebody else wrote', () => {
  let server: TestServer;
  let browser: Browser;
  let key: ClientKey;
  let registered: TestClient;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
    key = await aClientKey('ES256');
    registered = await aClient(server, {
      jwks: { keys: [{ ...key.publicJwk, kid: 'k1' }] },
      require_pkce: true,
      require_pushed_authorization_requests: true,
      require_signed_request_object: true,
      response_modes: ['jwt'],
    });
  });
  afterAll(() => server.close());

  const signer = () => ({ key: key.privateKey, kid: 'k1' });

  it('openid-client: signs its request, pushes it, and reads a signed answer', async () => {
    const { client_id, redirect_uri } = registered;
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      undefined,
      client.PrivateKeyJwt(signer()),
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    );
    client.useJwtResponseMode(config);
    const { parameters, checks } = await tiedRequest({ redirect_uri, scope: 'openid' });
    const request = async (changes: Record<string, string> = {}) => {
      const signed = await client.buildAuthorizationUrlWithJAR(
        config,
        { ...parameters, ...changes },
        signer(),
      );
      return client.buildAuthorizationUrlWithPAR(config, signed.searchParams);
    };
    const answerTo = async (url: URL) => new URL((await browser.get(url.href)).location ?? '');
    const tokens = await client.authorizationCodeGrant(config, await answerTo(await request()), checks);
    expect(tokens.claims()?.sub).toBe(ADA.id);

    const refused = client.authorizationCodeGrant(
      config,
      await answerTo(await request({ claims: '{"id_token":{"acr":{"essential":true,"value":"phr"}}}' })),
      checks,
    );
    await expect(refused).rejects.toMatchObject({
      code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
      error: 'unmet_authentication_requirements',
    });
    await server.services.refusalRecorder.flush();
    expect(await server.database.knex('refusals').where({ client_id }).select('reason', 'came')).toEqual([
      { reason: 'acr.not_reached', came: { acr: ['phr'] } },
    ]);
  });

  it('oauth4webapi: the same, step by step', async () => {
    const { client_id, redirect_uri } = registered;
    const issuer = new URL(server.url);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, INSECURE));
    const relyingParty: oauth.Client = { client_id };
    const authentication = oauth.PrivateKeyJwt(signer());
    const verifier = oauth.generateRandomCodeVerifier();
    const [nonce, state] = [oauth.generateRandomNonce(), oauth.generateRandomState()];
    const request = await oauth.issueRequestObject(
      as,
      relyingParty,
      {
        redirect_uri,
        response_type: 'code',
        response_mode: 'jwt',
        scope: 'openid',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
        state,
      },
      signer(),
    );
    const push = async () =>
      oauth.processPushedAuthorizationResponse(
        as,
        relyingParty,
        await oauth.pushedAuthorizationRequest(as, relyingParty, authentication, { request }, INSECURE),
      );
    const { request_uri } = await push();
    // Its request objects have a jti.
    await expect(push()).rejects.toMatchObject({ error: 'invalid_request_object', status: 400 });

    const url = new URL(as.authorization_endpoint ?? '');
    url.search = String(new URLSearchParams({ client_id, request_uri }));
    const callback = new URL((await browser.get(url.href)).location ?? '');
    const parameters = await oauth.validateJwtAuthResponse(as, relyingParty, callback, state, INSECURE);
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      relyingParty,
      authentication,
      parameters,
      redirect_uri,
      verifier,
      INSECURE,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, relyingParty, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(ADA.id);
  });
});
