import { decodeJwt, SignJWT } from 'jose';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, type Claims, type ClientKey, clientAssertion } from '../../support/clients/proofs.ts';
import { ADA, brief, obtainCode, postForm, refused } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const INVALID_CLIENT = {
  status: 401,
  body: { error: 'invalid_client', error_description: 'client authentication failed' },
};
/** The answer to somebody who has proved to hold the key. */
const invalidClient = (why: string) => ({
  ...INVALID_CLIENT,
  body: { ...INVALID_CLIENT.body, error_description: `client authentication failed: ${why}` },
});

const soon = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('a client may ask for keys instead of a secret (private_key_jwt)', () => {
  let server: TestServer;
  let key: ClientKey;
  let registered: TestClient;
  const browser = openBrowser();
  beforeAll(async () => {
    server = await startTestServer();
    key = await aClientKey();
    registered = await aClient(server, { jwks: { keys: [key.publicJwk] } });
  });
  afterAll(() => server.close());

  const code = () =>
    obtainCode(
      server.url,
      { client_id: registered.client_id, redirect_uri: registered.redirect_uri },
      browser,
    );
  const assertion = (claims: Claims = {}, as: ClientKey = key) =>
    clientAssertion(as, { clientId: registered.client_id, audience: server.url }, claims);
  const exchangeWith = async (authentication: Record<string, string>) => {
    const fields = { grant_type: 'authorization_code', code: await code() };
    const { redirect_uri } = registered;
    return brief(await postForm(`${server.url}/auth/token`, { ...fields, redirect_uri, ...authentication }));
  };

  it.each(['ES256', 'EdDSA', 'RS256'] as const)('works with %s and a client library', async (alg) => {
    const pair = await aClientKey(alg);
    const { client_id, redirect_uri } = await aClient(server, { jwks: { keys: [pair.publicJwk] } });
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      undefined,
      client.PrivateKeyJwt(pair.privateKey),
      { execute: [client.allowInsecureRequests] },
    );
    const url = new URL(redirect_uri);
    url.searchParams.set('code', await obtainCode(server.url, { client_id, redirect_uri }, browser));
    url.searchParams.set('iss', server.url);
    const tokens = await client.authorizationCodeGrant(config, url, { idTokenExpected: true });
    expect(tokens.claims()?.sub).toBe(ADA.id);
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true });
  });

  it('takes the issuer or the token endpoint as audience, or both', async () => {
    const token = `${server.url}/auth/token`;
    for (const aud of [server.url, token, [server.url], [server.url, token]])
      expect((await exchangeWith(await assertion({ aud }))).status).toBe(200);
  });

  it('takes no audience that is somebody else, or another endpoint', async () => {
    const token = `${server.url}/auth/token`;
    for (const aud of [
      'https://other.example',
      ['https://other.example'],
      [server.url, 'https://other.example'],
      [token, server.url, registered.client_id],
      `${server.url}/auth/par`,
      `${server.url}/auth/introspect`,
      `${server.url}/`,
      [],
      undefined,
    ])
      expect(await exchangeWith(await assertion({ aud }))).toEqual(
        invalidClient(`the audience of a client assertion may be ${server.url} or ${token}`),
      );
  });

  // RFC 9126 section 2.
  it('takes the address of pushed requests as audience there, and nowhere else', async () => {
    const { client_id, redirect_uri } = registered;
    const request = { client_id, redirect_uri, response_type: 'code', scope: 'openid' };
    const challenge = { code_challenge: 'A'.repeat(43), code_challenge_method: 'S256' };
    const push = async (aud: unknown) => {
      const fields = { ...request, ...challenge, ...(await assertion({ aud } as Claims)) };
      return (await postForm(`${server.url}/auth/par`, fields)).status;
    };
    const introspect = async (aud: unknown) => {
      const fields = { token: 'unknown', ...(await assertion({ aud } as Claims)) };
      return (await postForm(`${server.url}/auth/introspect`, fields)).status;
    };
    const [par, token, own] = [
      `${server.url}/auth/par`,
      `${server.url}/auth/token`,
      `${server.url}/auth/introspect`,
    ];
    const audiences = [par, token, server.url, [server.url, token, par], own, [server.url, own]];
    const answers = [];
    for (const aud of audiences) answers.push([await push(aud), await introspect(aud)]);
    expect(answers).toEqual([
      [201, 401],
      [201, 200],
      [201, 200],
      [201, 401],
      [401, 401],
      [401, 401],
    ]);
  });

  it('takes an assertion that ends within an hour, and a clock that is a minute ahead', async () => {
    for (const claims of [{ exp: soon(3600) }, { exp: soon(3655), iat: soon(55) }, { iat: undefined }])
      expect((await exchangeWith(await assertion(claims))).status).toBe(200);
  });

  it('accepts an assertion once, of any number sent together', async () => {
    const once = await assertion();
    const introspect = () => postForm(`${server.url}/auth/introspect`, { token: 'unknown', ...once });
    const answers = await Promise.all(Array.from({ length: 10 }, introspect));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  });

  it.each<[string, Claims, string]>([
    ['that has expired', { exp: 1 }, 'the client assertion has expired'],
    [
      'that lives for longer than an hour',
      { exp: soon(2 * 3600) },
      'a client assertion may live for 3600 seconds',
    ],
    [
      'that was issued in the future',
      { iat: soon(3600) },
      'a client assertion must not be issued in the future',
    ],
    ['of another client', { iss: 'client_demo_web', sub: 'client_demo_web' }, ''],
    ['without a jti', { jti: undefined }, 'a client assertion must have a jti'],
    ['without an expiry', { exp: undefined }, 'a client assertion must have an exp'],
  ])('refuses an assertion %s', async (_what, claims, why) => {
    const authentication = { client_id: registered.client_id, ...(await assertion(claims)) };
    const answer = await exchangeWith(authentication);
    // A request with two clients' names contradicts itself.
    if (claims.iss) expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    else expect(answer).toEqual(why ? invalidClient(why) : INVALID_CLIENT);
  });

  // RFC 8725 section 3.11.
  it.each([
    ['oauth-authz-req+jwt', false],
    ['dpop+jwt', false],
    [1, false],
    ['client-authentication+jwt', true],
    ['application/JWT', true],
  ] as const)('with the typ %s: it counts as one: %s', async (typ, counts) => {
    const { client_assertion: text, client_assertion_type } = await assertion();
    const payload = decodeJwt(text);
    const client_assertion = await new SignJWT(payload)
      .setProtectedHeader({ alg: key.alg, typ: typ as string })
      .sign(key.privateKey);
    const answer = await exchangeWith({ client_assertion, client_assertion_type });
    if (counts) expect(answer.status).toBe(200);
    else expect(answer).toEqual(invalidClient('the typ of the client assertion says that it is another JWT'));
  });

  it('refuses one signed with a key that is not registered, and one that is not signed', async () => {
    expect(await exchangeWith(await assertion({}, await aClientKey()))).toEqual(INVALID_CLIENT);
    const [, payload = ''] = (await assertion()).client_assertion.split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await exchangeWith({ ...(await assertion()), client_assertion: `${none}.${payload}.` })).toEqual(
      INVALID_CLIENT,
    );
  });

  it('refuses a secret, and no authentication at all', async () => {
    const { client_id } = registered;
    expect(await exchangeWith({ client_id, client_secret: 'a secret that it has not' })).toEqual(
      INVALID_CLIENT,
    );
    const nothingSent = 'client authentication failed: no assertion was sent';
    expect(await exchangeWith({ client_id })).toEqual(refused('invalid_client', nothingSent, 401));
  });

  it('is not for a client that has a secret', async () => {
    const other = await aClient(server);
    const answer = await postForm(`${server.url}/auth/introspect`, {
      token: 'unknown',
      ...(await clientAssertion(key, { clientId: other.client_id, audience: server.url })),
    });
    expect(brief(answer)).toEqual(INVALID_CLIENT);
  });
});
