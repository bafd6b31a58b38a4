import { sendHttp } from '../support/clients/raw-http.ts';
import { DEMO_WEB } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const ISSUER = 'https://login.example';
const AUTHORIZE = `/auth/authorize?${new URLSearchParams({
  response_type: 'code',
  client_id: DEMO_WEB.client_id,
  redirect_uri: DEMO_WEB.redirect_uri,
  scope: 'openid',
})}`;

describe('an issuer behind a proxy', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { ISSUER } });
  });
  afterAll(() => server.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    sendHttp(server.port, { path, headers });

  describe.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])(
    'discovery at %s',
    (path) => {
      it('says exactly what this server does', async () => {
        expect(JSON.parse((await get(path)).body)).toEqual(discoveryDocument(ISSUER));
      });

      it('may be read from any page and kept for five minutes', async () => {
        const { status, headers } = await get(path, { origin: 'https://anywhere.example' });
        expect(status).toBe(200);
        expect(headers).toMatchObject({
          'content-type': 'application/json; charset=utf-8',
          'access-control-allow-origin': '*',
          'cache-control': 'public, max-age=300',
        });
      });
    },
  );

  it.each(['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/auth/jwks'])(
    '%s is the same each time, and 304 to whoever has it',
    async (path) => {
      const cacheable = ({ status, body, headers }: Awaited<ReturnType<typeof get>>) => ({
        status,
        body,
        etag: headers.etag,
      });
      const first = await get(path);
      const etag = String(first.headers.etag);
      expect(etag).toMatch(/^"[\w-]{43}"$/);
      const again = await get(path);
      expect(cacheable(again)).toEqual({ status: 200, body: first.body, etag });
      for (const name of ['content-type', 'content-length', 'cache-control', 'access-control-allow-origin'])
        expect(again.headers[name]).toBe(first.headers[name]);
      const unchanged = await get(path, { 'if-none-match': `W/"other", ${etag}` });
      expect(cacheable(unchanged)).toEqual({ status: 304, body: '', etag });
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
    },
  );

  describe('the keys', () => {
    it('are public, of RSA, for RS256 signatures', async () => {
      const { body } = await get('/auth/jwks');
      expect(JSON.parse(body)).toEqual({
        keys: [
          {
            kty: 'RSA',
            alg: 'RS256',
            use: 'sig',
            kid: expect.stringMatching(/^[\w-]{43}$/),
            n: expect.stringMatching(/^[\w-]{342}$/),
            e: 'AQAB',
          },
        ],
      });
    });

    it('may be read from any page, also one without an origin, and kept for five minutes', async () => {
      const { status, headers } = await get('/auth/jwks', { origin: 'null' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/jwk-set+json; charset=utf-8',
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=300',
      });
    });
  });

  describe('whatever a request says of its own address', () => {
    const hostile = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-port': '8080',
      'x-original-url': '/evil',
      forwarded: 'host=evil.example;proto=http',
    };

    it.each([
      ['headers', '', hostile],
      ['a whole address as target', 'http://evil.example', { host: 'evil.example' }],
      ['a whole address with a port', 'HTTP://evil.example:81', hostile],
    ])("discovery stays the issuer's: %s", async (_what, prefix, headers) => {
      const { body } = await get(`${prefix}/.well-known/openid-configuration`, headers);
      expect(JSON.parse(body)).toEqual(discoveryDocument(ISSUER));
    });

    it.each(['', 'http://evil.example'])(
      'authorize redirects within this server: target %s',
      async (prefix) => {
        const { status, headers } = await get(`${prefix}${AUTHORIZE}`, hostile);
        expect({ status, location: headers.location }).toEqual({
          status: 303,
          location: expect.stringMatching(/^\/interaction\/[\w-]{43}\?client_id=client_demo_web$/),
        });
      },
    );

    it('cookies stay with the issuer: secure, and of this host', async () => {
      const { headers } = await get(AUTHORIZE, hostile);
      const cookies = headers['set-cookie'] ?? [];
      expect(cookies).toHaveLength(4);
      for (const cookie of cookies) {
        expect(cookie).toMatch(
          /^__Secure-listo_(interaction|resume)(\.sig)?=[\w-]+; path=\/(interaction|auth\/authorize)\/[\w-]{43}; expires=[^;]+; samesite=lax; secure; httponly; max-age=(3599|3600)$/,
        );
      }
    });

    it('errors say the issuer, and pages link nowhere else', async () => {
      const told = await get(`${AUTHORIZE}&prompt=none`, hostile);
      expect(new URL(told.headers.location ?? '').searchParams.get('iss')).toBe(ISSUER);
      const page = await get('/auth/authorize', { ...hostile, accept: 'text/html' });
      expect({ status: page.status, namesStranger: page.body.includes('evil') }).toEqual({
        status: 400,
        namesStranger: false,
      });
      const { headers } = await get('/auth/userinfo', hostile);
      expect(headers['www-authenticate']).toBe(
        `Bearer realm="${ISSUER}", DPoP realm="${ISSUER}", algs="RS256 PS256 ES256 Ed25519 EdDSA"`,
      );
    });
  });
});

function discoveryDocument(issuer: string): object {
  const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'];
  const algorithms = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth/authorize`,
    token_endpoint: `${issuer}/auth/token`,
    userinfo_endpoint: `${issuer}/auth/userinfo`,
    jwks_uri: `${issuer}/auth/jwks`,
    end_session_endpoint: `${issuer}/auth/logout`,
    device_authorization_endpoint: `${issuer}/auth/device_authorization`,
    pushed_authorization_request_endpoint: `${issuer}/auth/par`,
    revocation_endpoint: `${issuer}/auth/revoke`,
    introspection_endpoint: `${issuer}/auth/introspect`,
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods.filter((name) => name !== 'none'),
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
    introspection_endpoint_auth_signing_alg_values_supported: algorithms,
    dpop_signing_alg_values_supported: algorithms,
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    response_types_supported: ['code'],
    response_modes_supported: [
      ...['form_post', 'fragment', 'query'],
      ...['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'],
    ],
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
    ],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    introspection_signing_alg_values_supported: ['RS256'],
    authorization_signing_alg_values_supported: ['RS256'],
    claim_types_supported: ['normal'],
    acr_values_supported: ['urn:listo:acr:one-factor', 'urn:listo:acr:two-factors'],
    claims_supported: [
      'sub',
      'client_id',
      'scope',
      'workerProfileId',
      'workerIds',
      'userIds',
      'amr',
      'acr',
      'at_hash',
      'name',
      'firstName',
      'lastName',
      'given_name',
      'family_name',
      'updated_at',
      'preferred_username',
      'email',
      'email_verified',
      'sid',
      'auth_time',
      'iss',
    ],
    claims_parameter_supported: true,
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    request_object_signing_alg_values_supported: algorithms,
    authorization_response_iss_parameter_supported: true,
  };
}
