import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  aFapiClient,
  authorizeAt,
  FAPI_CALLBACK,
  type FapiClient,
  startFapiServer,
} from '../../support/clients/fapi-client.ts';
import { tiedRequest } from '../../support/clients/openid-client.ts';
import { aClientKey, type ClientKey, requestObject, signingWith } from '../../support/clients/proofs.ts';
import { ADA, brief, pkceChallenge, postForm, refused } from '../../support/clients/relying-party.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

describe('a client with the profile fapi2_message_signing', () => {
  let server: TestServer;
  let bank: FapiClient;
  beforeAll(async () => {
    ({ server, bank } = await startFapiServer({ columns: { security_profile: 'fapi2_message_signing' } }));
  });
  afterAll(() => server.close());

  it('signs its request and gets a signed answer, with openid-client', async () => {
    const config = await client.discovery(
      new URL(server.url),
      bank.client_id,
      {
        redirect_uris: [FAPI_CALLBACK],
        id_token_signed_response_alg: 'ES256',
        authorization_signed_response_alg: 'ES256',
      },
      client.PrivateKeyJwt(bank.key.privateKey),
      {
        execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks, client.useJwtResponseMode],
      },
    );
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const { parameters, checks } = await tiedRequest({ redirect_uri: FAPI_CALLBACK, scope: 'openid email' });
    const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, bank.key.privateKey);
    const url = await client.buildAuthorizationUrlWithPAR(config, signed.searchParams, { DPoP });
    const answer = await authorizeAt(url.href, openBrowser());
    expect([...answer.searchParams.keys()].join(' ')).toBe('response');
    const response = String(answer.searchParams.get('response'));
    expect(decodeProtectedHeader(response).alg).toBe('ES256');
    expect(decodeJwt(response)).toMatchObject({
      iss: server.url,
      aud: bank.client_id,
      state: parameters.state,
    });

    const tokens = await client.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
    expect({ type: tokens.token_type, sub: tokens.claims()?.sub }).toEqual({ type: 'dpop', sub: ADA.id });
    expect(await client.fetchUserInfo(config, tokens.access_token, ADA.id, { DPoP })).toMatchObject({
      email: ADA.email,
    });
  });

  it('pushes no request that is not signed', async () => {
    expect(brief(await bank.push({ ...pkceChallenge(), response_mode: 'jwt' }))).toEqual(
      refused('invalid_request', 'This client must send a signed request object (RFC 9101)'),
    );
  });

  const pushSigned = async (party: FapiClient, by: ClientKey, claims: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const request = await requestObject(
      by,
      { clientId: party.client_id, audience: server.url },
      {
        ...{ response_type: 'code', redirect_uri: FAPI_CALLBACK, scope: 'openid', ...pkceChallenge() },
        ...{ nbf: now, exp: now + 60, ...claims },
      },
    );
    const fields = { client_id: party.client_id, request, ...(await party.assertion()) };
    return brief(await postForm(`${server.url}/auth/par`, fields));
  };

  it('asks for no answer that is not signed', async () => {
    const modes = 'jwt, query.jwt, fragment.jwt, form_post.jwt';
    for (const response_mode of ['query', 'fragment', 'form_post'])
      expect(await pushSigned(bank, bank.key, { response_mode })).toMatchObject({
        status: 400,
        body: {
          error_description: `response_mode must be one of those that this client is registered for: ${modes}`,
        },
      });
    expect((await pushSigned(bank, bank.key, { response_mode: 'form_post.jwt' })).status).toBe(201);
  });

  it('dates each request, for an hour at most, and signs none with RS256', async () => {
    const lacks = (why: string) => refused('invalid_request_object', `The request object is refused: ${why}`);
    const now = Math.floor(Date.now() / 1000);
    expect(await pushSigned(bank, bank.key, { nbf: undefined })).toEqual(lacks('it must have the claim nbf'));
    expect(await pushSigned(bank, bank.key, { exp: now + 4000 })).toEqual(
      lacks('its exp may be 60 minutes after its nbf at most'),
    );
    const rsa = await aClientKey('RS256');
    const pss = await signingWith(rsa, 'PS256');
    const party = await aFapiClient(
      server,
      { security_profile: 'fapi2_message_signing', jwks: { keys: [rsa.publicJwk] } },
      pss,
    );
    expect(await pushSigned(party, rsa)).toEqual(
      lacks('its alg must be one of PS256, ES256, Ed25519, EdDSA'),
    );
    expect((await pushSigned(party, pss)).status).toBe(201);
  });
});
