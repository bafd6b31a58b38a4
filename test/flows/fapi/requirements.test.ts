import { decodeProtectedHeader } from 'jose';
import { createClientStore } from '../../../src/clients/client-store.ts';
import { digestSecret } from '../../../src/platform/secrets/digest.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  aFapiClient,
  FAPI_CALLBACK,
  type FapiClient,
  fapiClient,
  startFapiServer,
} from '../../support/clients/fapi-client.ts';
import { aClientKey, type Claims, dpopProof, signingWith } from '../../support/clients/proofs.ts';
import {
  authorizationUrl,
  brief,
  getJson,
  pkce,
  pkceChallenge,
  postForm,
  refused,
  statusAndError,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';

const RSA_PROOF = 'DPoP proof must be signed with PS256, ES256, Ed25519, EdDSA';
const AHEAD = 'DPoP proof iat is too far in the future';

describe('a client with the profile fapi2', () => {
  let server: TestServer;
  let bank: FapiClient;
  const browser = openBrowser();
  beforeAll(async () => {
    ({ server, bank } = await startFapiServer());
  });
  afterAll(() => server.close());

  const ahead = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
  const proofFor = (endpoint: string, key = bank.dpopKey, claims: Claims = {}) =>
    dpopProof(key, { htu: `${server.url}${endpoint}` }, claims);
  const anRsaKey = () => aClientKey('RS256');

  it('gets no token that is bound to no key, neither for a code nor at a refresh', async () => {
    const missing = refused('invalid_dpop_proof', 'This client must send a DPoP proof');
    const code = await bank.obtainCode(browser);
    expect(brief(await bank.exchange(code, { dpop: '' }))).toEqual(missing);
    const { body } = await bank.exchange(code);
    const token = String(body.refresh_token);
    expect(brief(await bank.refresh(token, { dpop: '' }))).toEqual(missing);
    expect((await bank.refresh(token)).body.token_type).toBe('DPoP');
  });

  it('signs no DPoP proof with RS256: for tokens, pushed requests or userinfo', async () => {
    const rsa = await anRsaKey();
    const code = await bank.obtainCode(browser);
    expect(brief(await bank.exchange(code, { dpop: await proofFor('/auth/token', rsa) }))).toEqual(
      refused('invalid_dpop_proof', RSA_PROOF),
    );
    const pushed = async (dpop: string) => {
      const fields = { client_id: bank.client_id, response_type: 'code', redirect_uri: FAPI_CALLBACK };
      return postForm(
        `${server.url}/auth/par`,
        { ...fields, ...pkceChallenge(), scope: 'openid', ...(await bank.assertion()) },
        { dpop },
      );
    };
    expect(brief(await pushed(await proofFor('/auth/par', rsa)))).toEqual(
      refused('invalid_dpop_proof', RSA_PROOF),
    );
    const pss = await signingWith(rsa, 'PS256');
    expect((await pushed(await proofFor('/auth/par', pss))).status).toBe(201);

    const { body } = await bank.exchange(code, { dpop: await proofFor('/auth/token', pss) });
    const accessToken = String(body.access_token);
    const asked = async (key: typeof rsa) =>
      getJson(`${server.url}/auth/userinfo`, {
        authorization: `DPoP ${accessToken}`,
        dpop: await dpopProof(key, { htm: 'GET', htu: `${server.url}/auth/userinfo`, accessToken }),
      });
    expect(brief(await asked(rsa))).toEqual(refused('invalid_dpop_proof', RSA_PROOF, 401));
    expect((await asked(pss)).status).toBe(200);
  });

  it('dates no proof more than a minute ahead', async () => {
    const code = await bank.obtainCode(browser);
    const dated = (seconds: number) => proofFor('/auth/token', bank.dpopKey, { iat: ahead(seconds) });
    expect(brief(await bank.exchange(code, { dpop: await dated(120) }))).toEqual(
      refused('invalid_dpop_proof', AHEAD),
    );
    expect((await bank.exchange(code, { dpop: await dated(10) })).status).toBe(200);
  });

  it('pushes no request without a PKCE challenge, or with a plain one', async () => {
    expect(brief(await bank.push())).toEqual(
      refused('invalid_request', 'Authorization Server policy requires PKCE to be used for this request'),
    );
    const { code_challenge } = pkce();
    for (const method of ['plain', 'S512'])
      expect(brief(await bank.push({ code_challenge, code_challenge_method: method }))).toEqual(
        refused('invalid_request', 'not supported value of code_challenge_method'),
      );
  });

  it('proves who it is with each request', async () => {
    for (const endpoint of ['par', 'token', 'introspect', 'revoke']) {
      const fields = { client_id: bank.client_id, grant_type: 'refresh_token', token: 'unknown' };
      const answer = await postForm(`${server.url}/auth/${endpoint}`, fields);
      expect({ endpoint, ...statusAndError(answer) }).toEqual({
        ...{ endpoint, status: 401, error: 'invalid_client' },
      });
    }
  });

  it('returns to no address but an https one, and learns the issuer there', async () => {
    const challenge = pkceChallenge();
    const elsewhere = await bank.push({ ...challenge, redirect_uri: 'http://bank.example/callback' });
    expect(statusAndError(elsewhere)).toEqual({ status: 400, error: 'invalid_request' });
    const pushed = await bank.push({ ...challenge, prompt: 'none', state: 'kept' });
    const query = { client_id: bank.client_id, request_uri: String(pushed.body.request_uri) };
    const page = await openBrowser().get(`${server.url}/auth/authorize?${new URLSearchParams(query)}`);
    const answer = new URL(page.location ?? '').searchParams;
    expect({ error: answer.get('error'), iss: answer.get('iss'), state: answer.get('state') }).toEqual({
      ...{ error: 'login_required', iss: server.url, state: 'kept' },
    });
  });

  it('refreshes any number of times at once with one token, which is counted up by none of them', async () => {
    const { body } = await bank.exchange(await bank.obtainCode(browser));
    const token = String(body.refresh_token);
    const answers = await Promise.all(Array.from({ length: 10 }, () => bank.refresh(token)));
    expect(
      answers.map(({ status, body: { refresh_token } }) => ({ status, same: refresh_token === token })),
    ).toEqual(Array(10).fill({ status: 200, same: true }));
    const dpop = await proofFor('/auth/token');
    const replayed = await Promise.all(Array.from({ length: 5 }, () => bank.refresh(token, { dpop })));
    expect(replayed.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
  });

  it('leaves the rotation behind when it gets the profile: the last token goes on, an older one ends all', async () => {
    const key = await aClientKey();
    const party = await aFapiClient(server, { security_profile: 'standard' }, key);
    const first = await party.exchange(await party.obtainCode(browser));
    const second = await party.refresh(String(first.body.refresh_token));
    const [before, last] = [String(first.body.refresh_token), String(second.body.refresh_token)];
    expect(last).not.toBe(before);
    await server.seed(`UPDATE clients SET security_profile = 'fapi2' WHERE id = '${party.client_id}';`);
    await server.services.registration.clear();

    // Inside the window of the last rotation, the token before it gets the last one, as ever.
    for (const token of [last, before, last]) {
      const { status, body } = await party.refresh(token);
      expect({ status, refresh_token: body.refresh_token }).toEqual({ status: 200, refresh_token: last });
    }
    await server.database.knex('refresh_families').update({ rotated_at: new Date(Date.now() - 600_000) });
    // A refresh that counts nothing up opens no new window.
    expect((await party.refresh(last)).status).toBe(200);
    expect(statusAndError(await party.refresh(before))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(statusAndError(await party.refresh(last))).toEqual({ status: 400, error: 'invalid_grant' });
  });

  it('has everything also where the database refused nothing', async () => {
    const { knex } = server.database;
    const key = await anRsaKey();
    const triggers = ['validate', 'validate_security', 'validate_security_profile', 'complete'];
    for (const name of triggers) await knex.raw(`ALTER TABLE clients DISABLE TRIGGER ${name}`);
    await knex.raw('ALTER TABLE client_secrets DISABLE TRIGGER validate_security');
    const wrong = {
      ...{ security_profile: 'fapi2' as const, require_pkce: false, authorization_code_ttl_seconds: 600 },
      redirect_uris: ['http://bank.example/callback', FAPI_CALLBACK],
      grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'],
    };
    const [open, secret] = ['a-public-bank', 'a-secret-bank'];
    await aClient(server, { id: open, type: 'public', ...wrong });
    await aClient(server, { id: secret, ...wrong });
    await knex('client_secrets').insert({ client_id: secret, name: 'known', digest: digestSecret('known') });
    await aClient(server, { id: 'an-rsa-bank', jwks: { keys: [key.publicJwk] }, ...wrong });
    for (const name of triggers) await knex.raw(`ALTER TABLE clients ENABLE TRIGGER ${name}`);

    expect(await createClientStore(knex).find(open)).toMatchObject({
      type: 'confidential',
      redirectUris: [FAPI_CALLBACK],
      grantTypes: ['authorization_code'],
      requirePkce: true,
      requirePushedAuthorizationRequests: true,
      requireDpop: true,
      rotateRefreshTokens: false,
      idTokenSignedResponseAlg: 'ES256',
      accessTokenSigningAlg: 'ES256',
      authorizationCodeTtlSeconds: 60,
    });
    const fields = { grant_type: 'authorization_code', code: 'unknown', redirect_uri: FAPI_CALLBACK };
    const asSecret = { ...fields, client_id: secret, client_secret: 'known' };
    for (const sent of [{ ...fields, client_id: open }, asSecret])
      expect(statusAndError(await postForm(`${server.url}/auth/token`, sent))).toEqual({
        ...{ status: 401, error: 'invalid_client' },
      });
    for (const client_id of [open, secret]) {
      const page = await browser.get(
        authorizationUrl(server.url, { client_id, redirect_uri: FAPI_CALLBACK }),
      );
      expect(new URL(page.location ?? '').searchParams.get('error_description')).toBe(
        'This client must push its requests first (RFC 9126)',
      );
    }
    const party = await fapiClient(server.url, 'an-rsa-bank', await signingWith(key, 'PS256'));
    const { body } = await party.exchange(await party.obtainCode(browser));
    expect(decodeProtectedHeader(String(body.access_token)).alg).toBe('ES256');
    expect((await userinfo(server.url, String(body.access_token))).status).toBe(401);
  });
});
