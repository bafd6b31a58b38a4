import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import { type KeyAddress, openKeyAddress } from '../../support/clients/key-address.ts';
import { aClientKey, type ClientKey, clientAssertion } from '../../support/clients/proofs.ts';
import { ADA, brief, obtainCode, postForm, refused } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('a client may publish its keys instead of registering them (jwks_uri)', () => {
  let server: TestServer;
  let key: ClientKey;
  let address: KeyAddress;
  let registered: TestClient;
  beforeAll(async () => {
    server = await startTestServer();
    key = await keyNamed('one');
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    address = await openKeyAddress({ keys: [key.publicJwk] });
    registered = await aClient(server, { jwks_uri: address.url });
  });
  afterEach(() => address.close());

  const introspect = async (as: ClientKey = key) =>
    brief(
      await postForm(`${server.url}/auth/introspect`, {
        token: 'unknown',
        ...(await clientAssertion(as, { clientId: registered.client_id, audience: server.url })),
      }),
    );
  const INACTIVE = { status: 200, body: { active: false } };
  const REFUSED = refused('invalid_client', 'client authentication failed', 401);
  const NOT_THERE = refused(
    'invalid_client',
    'client authentication failed: the keys at the jwks_uri of the client cannot be had',
    401,
  );
  const details = () => server.logLines().map(({ detail }) => detail);

  it('works with a client library, and costs one fetch', async () => {
    const { client_id, redirect_uri } = registered;
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      undefined,
      client.PrivateKeyJwt({ key: key.privateKey, kid: 'one' }),
      { execute: [client.allowInsecureRequests] },
    );
    const url = new URL(redirect_uri);
    url.searchParams.set('code', await obtainCode(server.url, { client_id, redirect_uri }, openBrowser()));
    url.searchParams.set('iss', server.url);
    const tokens = await client.authorizationCodeGrant(config, url, { idTokenExpected: true });
    expect(tokens.claims()?.sub).toBe(ADA.id);
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true });
    expect(address.asked()).toBe(1);
  });

  it('refuses a key that is not published, and asks for it no more than the pause allows', async () => {
    expect(await introspect(await keyNamed('two'))).toEqual(REFUSED);
    expect(await introspect(await keyNamed('three'))).toEqual(REFUSED);
    expect(await introspect(await keyNamed('one'))).toEqual(REFUSED);
    expect(await introspect()).toEqual(INACTIVE);
    expect(address.asked()).toBe(1);
  });

  it('refuses an assertion over a key that is no point of its curve', async () => {
    const [x, y] = ['A'.repeat(43), 'A'.repeat(43)];
    address.answer({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'one', x, y }] });
    expect(await introspect()).toEqual(REFUSED);
  });

  it('says that the keys cannot be had, and says why in the log alone', async () => {
    address.answer({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] });
    expect(await introspect()).toEqual(NOT_THERE);
    expect(details()).toContain(
      'the keys at its jwks_uri cannot be had: the answer has a private or symmetric key',
    );
    await server.database.knex('clients').where({ id: registered.client_id }).update({
      jwks_uri: 'https://10.1.2.3/keys',
    });
    await server.services.registration.clear();
    expect(await introspect()).toEqual(NOT_THERE);
    expect(details()).toContain(
      'the keys at its jwks_uri cannot be had: 10.1.2.3 is not asked: its address is not public.',
    );
  });

  it('is not for an assertion over a public key as a secret, nor for one that is not signed', async () => {
    const { client_assertion, ...type } = await clientAssertion(key, {
      clientId: registered.client_id,
      audience: server.url,
    });
    const [, payload = ''] = client_assertion.split('.');
    for (const alg of ['none', 'HS256']) {
      const header = Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
      const forged = { ...type, client_assertion: `${header}.${payload}.${alg === 'none' ? '' : 'AAAA'}` };
      expect(brief(await postForm(`${server.url}/auth/introspect`, { token: 'unknown', ...forged }))).toEqual(
        REFUSED,
      );
    }
  });
});

async function keyNamed(kid: string): Promise<ClientKey> {
  const key = await aClientKey();
  return { ...key, publicJwk: { ...key.publicJwk, kid } };
}
