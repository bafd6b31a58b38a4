import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { KEY_ALGORITHMS } from '../../../src/keys/signing-key.ts';
import { tiedRequest } from '../../support/clients/openid-client.ts';
import { ADA, authorizationUrl, signIn } from '../../support/clients/relying-party.ts';
import { askToken, verifyToken } from '../../support/clients/token-provider.ts';
import { openWorld, SERVICE, SIGNED_OUT, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Follows an authorization request as a person does. */
async function follow(url: URL) {
  const { page, browser } = await signIn(world.server.url, {
    parameters: Object.fromEntries(url.searchParams),
  });
  return { answer: new URL(page.location ?? ''), browser };
}

describe.each(KEY_ALGORITHMS)('a client of another author, for which everything is signed with %s', (alg) => {
  it('openid-client: signs in, refreshes, introspects, uses LiSTNR and signs out', async () => {
    const { url: issuer } = world.server;
    const { client_id, client_secret, redirect_uri } = world.clients[alg];
    const metadata = { id_token_signed_response_alg: alg, introspection_signed_response_alg: alg };
    const authentication = client.ClientSecretBasic(client_secret);
    const config = await client.discovery(new URL(issuer), client_id, metadata, authentication, {
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    });
    const { parameters, checks } = await tiedRequest({ redirect_uri, scope: 'openid profile email' });
    const { answer, browser } = await follow(client.buildAuthorizationUrl(config, parameters));
    const tokens = await client.authorizationCodeGrant(config, answer, checks);
    expect(tokens.claims()?.sub).toBe(ADA.id);
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    expect(refreshed.claims()?.sub).toBe(ADA.id);
    for (const each of [tokens, refreshed]) {
      expect(decodeProtectedHeader(String(each.id_token)).alg).toBe(alg);
      expect(decodeProtectedHeader(each.access_token).alg).toBe(alg);
    }

    const keys = createRemoteJWKSet(new URL(`${issuer}/auth/jwks`));
    const expected = { issuer, audience: issuer, typ: 'at+jwt', algorithms: [alg] };
    expect((await jwtVerify(refreshed.access_token, keys, expected)).payload).toMatchObject({ client_id });
    expect((await client.fetchUserInfo(config, refreshed.access_token, ADA.id)).email).toBe(ADA.email);
    // It asks for a JWT, and verifies it.
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({
      active: true,
      sub: ADA.id,
    });

    const idToken = String(refreshed.id_token);
    const { status, body } = await askToken(world.server, `Bearer ${idToken}`, { client_id: SERVICE });
    expect(status).toBe(200);
    const { header, payload } = await verifyToken(world.server, body.access_token, { audience: SERVICE });
    expect({ alg: header.alg, sub: payload.sub }).toEqual({ alg: 'RS256', sub: ADA.id });

    const silently = authorizationUrl(issuer, {
      ...{ client_id, redirect_uri, prompt: 'none', id_token_hint: idToken },
    });
    const { location = '' } = await browser.get(silently);
    expect(new URL(location).searchParams.get('code')).toEqual(expect.any(String));
    const signedOut = await browser.get(
      client.buildEndSessionUrl(config, { post_logout_redirect_uri: SIGNED_OUT, id_token_hint: idToken })
        .href,
    );
    expect(signedOut.location).toBe(SIGNED_OUT);
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toEqual({ active: false });
  });

  it('oauth4webapi: signs in, and revokes an access token', async () => {
    const insecure = { [oauth.allowInsecureRequests]: true } as const;
    const { client_id, client_secret, redirect_uri } = world.clients[alg];
    const issuer = new URL(world.server.url);
    const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
    const party: oauth.Client = {
      client_id,
      id_token_signed_response_alg: alg,
      introspection_signed_response_alg: alg,
    };
    const authentication = oauth.ClientSecretPost(client_secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const url = new URL(String(as.authorization_endpoint));
    url.search = new URLSearchParams({
      ...{ response_type: 'code', client_id, redirect_uri, scope: 'openid' },
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const parameters = oauth.validateAuthResponse(as, party, (await follow(url)).answer);
    const response = await oauth.authorizationCodeGrantRequest(
      as,
      party,
      authentication,
      parameters,
      redirect_uri,
      verifier,
      insecure,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(as, party, response, {
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(as, response, insecure);
    expect(decodeProtectedHeader(String(tokens.id_token)).alg).toBe(alg);

    const introspect = async () => {
      const asked = await oauth.introspectionRequest(
        as,
        party,
        authentication,
        tokens.access_token,
        insecure,
      );
      const described = await oauth.processIntrospectionResponse(as, party, asked);
      await oauth.validateApplicationLevelSignature(as, asked, insecure);
      return described;
    };
    expect(await introspect()).toMatchObject({ active: true, client_id });
    const { access_token: token } = tokens;
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(as, party, authentication, token, insecure),
    );
    expect(await introspect()).toEqual({ active: false });
    await expect(
      oauth.processUserInfoResponse(
        as,
        party,
        oauth.skipSubjectCheck,
        await oauth.userInfoRequest(as, party, token, insecure),
      ),
    ).rejects.toMatchObject({ status: 401 });
  });
});
