import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { KEY_ALGORITHMS } from '../../../src/keys/signing-key.ts';
import { openWay, WAYS, type Way } from '../../http/direct/two-ways.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  DEMO_SPA,
  DEMO_WEB,
  getJson,
  obtainTokens,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP } from '../../support/clients/token-provider.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const SIGNED = 'application/token-introspection+jwt';
const JSON_TYPE = 'application/json; charset=utf-8';

let server: TestServer;
let tokens: Tokens;
beforeAll(async () => {
  server = await startTestServer();
  tokens = await obtainTokens(server.url, {}, openBrowser());
});
afterAll(() => server.close());

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('a signed introspection, by the %s way', (name) => {
  let way: Way;
  beforeAll(async () => {
    way = await openWay(server, WAYS[name]);
  });
  afterAll(() => way.close());

  const ask = async (
    { client_id, client_secret }: Pick<TestClient, 'client_id'> & { client_secret?: string },
    { token = tokens.access_token, accept = SIGNED, headers = {} as Record<string, string> } = {},
  ) => {
    const response = await fetch(`http://localhost:${way.port}/auth/introspect`, {
      method: 'POST',
      headers: { accept, ...headers },
      body: new URLSearchParams({ token, client_id, ...(client_secret ? { client_secret } : {}) }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      headers: response.headers,
      text: await response.text(),
    };
  };
  const verified = (text: string, { client_id }: Pick<TestClient, 'client_id'>) =>
    jwtVerify(text, createRemoteJWKSet(new URL(`${server.url}/auth/jwks`)), {
      issuer: server.url,
      audience: client_id,
      typ: 'token-introspection+jwt',
    });
  /** The answer in JSON. */
  const plain = async (client: TestClient, token = tokens.access_token) =>
    JSON.parse((await ask(client, { token, accept: 'application/json' })).text);

  it('has exactly the claims of RFC 9701, and the members of RFC 7662 in one of them', async () => {
    const { status, type, headers, text } = await ask(DEMO_WEB);
    expect({ status, type }).toEqual({ status: 200, type: SIGNED });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-length')).toBe(String(text.length));
    const { payload, protectedHeader } = await verified(text, DEMO_WEB);
    expect(protectedHeader).toEqual({
      alg: 'RS256',
      kid: server.services.keyRings.oidc.current.kid,
      typ: 'token-introspection+jwt',
    });
    expect(payload).toEqual({
      iss: server.url,
      aud: DEMO_WEB.client_id,
      iat: expect.any(Number),
      token_introspection: await plain(DEMO_WEB),
    });
    expect(payload.token_introspection).toMatchObject({
      active: true,
      sub: ADA.id,
      scope: 'openid profile email',
    });
    expect(Math.abs(Number(payload.iat) - Date.now() / 1000)).toBeLessThan(120);
  });

  it('is for the client that asks, an API, and not for the one that got the token', async () => {
    const api = await aClient(server, { may_introspect: true });
    const { payload } = await verified((await ask(api)).text, api);
    expect(payload.aud).toBe(api.client_id);
    expect(payload.token_introspection).toMatchObject({ active: true, client_id: DEMO_WEB.client_id });
  });

  it('says of a token that is good for nothing, or not for this client, only that', async () => {
    const other = await aClient(server);
    for (const [client, token] of [
      [DEMO_WEB, 'no token'],
      [DEMO_WEB, tokens.id_token],
      [DEMO_WEB, `${tokens.access_token.slice(0, -4)}AAAA`],
      [other, tokens.access_token],
    ] as const) {
      const { status, text } = await ask(client, { token });
      expect(status).toBe(200);
      expect((await verified(text, client)).payload.token_introspection).toEqual({ active: false });
    }
  });

  it('describes a refresh token to its client, too', async () => {
    const { payload } = await verified((await ask(DEMO_WEB, { token: tokens.refresh_token })).text, DEMO_WEB);
    expect(payload.token_introspection).toEqual(await plain(DEMO_WEB, tokens.refresh_token));
    expect(payload.token_introspection).toMatchObject({ active: true });
  });

  it('is for a page of the client, too', async () => {
    const { origin } = new URL(DEMO_WEB.redirect_uri);
    const { headers } = await ask(DEMO_WEB, { headers: { origin } });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
  });

  it.each([
    'application/json',
    '*/*',
    'application/*',
    'text/html',
    'application/jwt',
    '',
    `${SIGNED};q=0`,
    `application/json, ${SIGNED};q=0.5`,
    'nonsense,;;q=;=/',
  ])('is not sent to who accepts %j', async (accept) => {
    const { status, type, text } = await ask(DEMO_WEB, { accept });
    expect({ status, type, body: JSON.parse(text) }).toEqual({
      status: 200,
      type: JSON_TYPE,
      body: await plain(DEMO_WEB),
    });
  });

  // RFC 9701 section 5: 400 where the caller is not authenticated; RFC 6749 section 5.2 wants 401 for a header.
  it('is refused in JSON, with 400, to who does not authenticate', async () => {
    const body = { error: 'invalid_client', error_description: 'client authentication failed' };
    for (const client of [
      { client_id: DEMO_WEB.client_id },
      DEMO_SPA,
      { ...DEMO_WEB, client_secret: 'wrong' },
    ])
      for (const [accept, expected] of [
        [SIGNED, 400],
        ['application/json', 401],
      ] as const) {
        const { status, type, text } = await ask(client, { accept });
        expect({ status, type, body: JSON.parse(text) }).toEqual({ status: expected, type: JSON_TYPE, body });
      }
    const authorization = `Basic ${btoa(`${DEMO_WEB.client_id}:wrong`)}`;
    const { status, headers } = await ask({ client_id: DEMO_WEB.client_id }, { headers: { authorization } });
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: `Basic realm="${server.url}", error="invalid_client", error_description="client authentication failed"`,
    });
  });

  it('is refused in JSON, with 400, for a request without a token', async () => {
    const { status, type, text } = await ask(DEMO_WEB, { token: '' });
    expect({ status, type, body: JSON.parse(text) }).toEqual({
      status: 400,
      type: JSON_TYPE,
      body: { error: 'invalid_request', error_description: "missing required parameter 'token'" },
    });
  });

  it('is no access token, no ID token and no hint', async () => {
    const { text } = await ask(DEMO_WEB);
    expect((await userinfo(server.url, text)).status).toBe(401);
    expect(await plain(DEMO_WEB, text)).toEqual({ active: false });
    expect((await askToken(server, `Bearer ${text}`, { client_id: DEMO_APP })).body).toMatchObject({
      error: 'invalid_token',
    });
    const hinted = await openBrowser().get(`${server.url}/auth/logout?id_token_hint=${text}`);
    expect(hinted.location ?? '').not.toContain('/auth/logout/success');
  });

  it('is counted as a signature, and nothing is signed without it', async () => {
    const signatures = async () => {
      const metric = await server.services.metrics.registry.getSingleMetric('listo_signatures_total')?.get();
      return Number(metric?.values.find(({ labels }) => labels.key_set === 'oidc')?.value);
    };
    const before = await signatures();
    await ask(DEMO_WEB, { accept: 'application/json' });
    await ask({ ...DEMO_WEB, client_secret: 'wrong' });
    expect(await signatures()).toBe(before);
    await ask(DEMO_WEB);
    expect(await signatures()).toBe(before + 1);
  });
});

describe('a client chooses the algorithm of its signed introspection', () => {
  const ask = ({ client_id, client_secret }: TestClient) =>
    fetch(`${server.url}/auth/introspect`, {
      method: 'POST',
      headers: { accept: SIGNED },
      body: new URLSearchParams({ token: tokens.access_token, client_id, client_secret }),
    });
  const announced = async () => {
    const { body } = await getJson(`${server.url}/.well-known/openid-configuration`);
    return body.introspection_signing_alg_values_supported;
  };

  it.each(KEY_ALGORITHMS)(
    '%s, with a key that is made for the first who asks, and announced',
    async (alg) => {
      const api = await aClient(server, { may_introspect: true, introspection_signed_response_alg: alg });
      // The job's first run sees the registration and makes the key; its next run loads the key.
      await runJob(server, 'watch-versions');
      await runJob(server, 'watch-versions');
      expect(await announced()).toContain(alg);
      const text = await (await ask(api)).text();
      const { payload } = await jwtVerify(text, createRemoteJWKSet(new URL(`${server.url}/auth/jwks`)), {
        algorithms: [alg],
        typ: 'token-introspection+jwt',
        issuer: server.url,
        audience: api.client_id,
      });
      expect(payload.token_introspection).toMatchObject({ active: true, sub: ADA.id });
    },
  );

  it('and still gets JSON without asking for a JWT', async () => {
    const api = await aClient(server, { may_introspect: true, introspection_signed_response_alg: 'ES256' });
    const { client_id, client_secret } = api;
    const response = await fetch(`${server.url}/auth/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token: tokens.access_token, client_id, client_secret }),
    });
    expect(response.headers.get('content-type')).toBe(JSON_TYPE);
    expect(await response.json()).toMatchObject({ active: true });
  });

  it('and of its ID tokens by itself', async () => {
    const text = await (
      await ask(await aClient(server, { introspection_signed_response_alg: 'ES256' }))
    ).text();
    expect(decodeProtectedHeader(text).alg).toBe('ES256');
    expect(decodeJwt(text).token_introspection).toEqual({ active: false });
    expect(decodeProtectedHeader(tokens.id_token).alg).toBe('RS256');
  });
});
