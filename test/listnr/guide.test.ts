import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { rotateKeys } from '../../src/keys/rotate-keys.ts';
import { ADA, getJson, obtainTokens } from '../support/clients/relying-party.ts';
import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  JWKS,
  mintIdToken,
  secretClientSql,
  verifyToken,
} from '../support/clients/token-provider.ts';
import { aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let server: TestServer;
/** The time of the server's clock; undefined: the real time. */
let stopped: Date | undefined;

beforeAll(async () => {
  server = await startTestServer({ overrides: { clock: { now: () => stopped ?? new Date() } } });
});
afterAll(() => server.close());
afterEach(() => {
  stopped = undefined;
});

async function serviceToken(body: object = {}): Promise<string> {
  const answer = await askToken(server, DEMO_BASIC, {
    client_id: 'demo-service',
    subject: 'somebody',
    ...body,
  });
  return String(answer.body.access_token);
}

async function appClaims(idToken: Record<string, unknown> = {}, clientId = 'demo-app', body: object = {}) {
  const answer = await askToken(server, `Bearer ${await mintIdToken(server, idToken)}`, {
    client_id: clientId,
    ...body,
  });
  const { payload } = await verifyToken(server, answer.body.access_token, { audience: clientId });
  const { iss: _iss, aud: _aud, iat: _iat, exp: _exp, jti: _jti, ...told } = payload;
  return told;
}

describe('Getting started: Integration patterns', () => {
  it('Authenticated User: takes the ID token of somebody who signed in with Listo', async () => {
    const { id_token } = await obtainTokens(server.url);
    const answer = await askToken(server, `Bearer ${id_token}`, {
      client_id: 'demo-app',
      scope: 'read:profile',
    });
    expect(answer.status).toBe(200);
    const { payload } = await verifyToken(server, answer.body.access_token, { audience: 'demo-app' });
    expect(payload).toEqual({
      iss: server.url,
      sub: ADA.id,
      aud: 'demo-app',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.stringMatching(UUID_V4),
      scope: 'read:profile',
      email: 'ada@demo.example',
      display_name: 'Ada Lovelace',
      first_name: 'Ada',
    });
  });

  it('Client Credentials: takes client_id and client_secret, for a subject that the server supplies', async () => {
    const emailHash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
    const answer = await askToken(server, DEMO_BASIC, {
      client_id: 'demo-service',
      subject: emailHash,
      scope: 'write:preferences',
    });
    expect(answer.status).toBe(200);
    const { payload } = await verifyToken(server, answer.body.access_token, { audience: 'demo-service' });
    expect(payload).toEqual({
      iss: server.url,
      sub: emailHash,
      aud: 'demo-service',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.stringMatching(UUID_V4),
      scope: 'write:preferences',
    });
  });
});

describe('Getting started: Onboarding process', () => {
  it('Audience identifier: is the client id unless another was assigned', async () => {
    await server.seed(secretClientSql('with-audience', { audience: "'https://preferences.example'" }));
    const answer = await askToken(server, basic('with-audience', DEMO_SERVICE.secret), {
      client_id: 'with-audience',
      subject: 'somebody',
    });
    const { payload } = await verifyToken(server, answer.body.access_token, {
      audience: 'https://preferences.example',
    });
    expect(payload.aud).toBe('https://preferences.example');
  });

  it('Environments: an integration works in those it has access to', async () => {
    await server.seed(secretClientSql('dev-only', { environments: "'{dev}'" }));
    await server.seed(secretClientSql('production-only', { environments: "'{production}'" }));
    const ask = (id: string) =>
      askToken(server, basic(id, DEMO_SERVICE.secret), { client_id: id, subject: 'somebody' });
    expect((await ask('dev-only')).status).toBe(200);
    expect((await ask('production-only')).status).toBe(403);
  });

  it('Allowed profile claims: only those on the list', async () => {
    await server.seed(bearerClientSql('first-name-only', { claims: "'{first_name}'" }));
    expect(await appClaims({}, 'first-name-only')).toEqual({ sub: ADA.id, first_name: 'Ada' });
    await server.seed(bearerClientSql('no-claims', { scopes: "'{read:profile}'" }));
    expect(await appClaims({}, 'no-claims', { scope: 'read:profile' })).toEqual({
      sub: ADA.id,
      scope: 'read:profile',
    });
  });
});

describe('Issuing a token', () => {
  it('answers with the three members of the guide and nothing else', async () => {
    const answer = await askToken(server, DEMO_BASIC, { client_id: 'demo-service', subject: 'somebody' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 900,
    });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('pragma')).toBe('no-cache');
  });

  it('takes Content-Type: application/json with a charset', async () => {
    const answer = await askToken(
      server,
      DEMO_BASIC,
      { client_id: 'demo-service', subject: 'somebody' },
      { 'content-type': 'Application/JSON; charset=UTF-8' },
    );
    expect(answer.status).toBe(200);
  });

  it('Authenticated user: the subject comes from the ID token, and one that is sent is ignored', async () => {
    expect(await appClaims({}, 'demo-app', { subject: 'somebody-else' })).toMatchObject({ sub: ADA.id });
    expect(await appClaims({}, 'demo-app', { subject: ['not', 'a', 'string'] })).toMatchObject({
      sub: ADA.id,
    });
  });

  it('scope: a subset of the client’s scopes, each once, in the order of the request', async () => {
    const scopeOf = async (scope: unknown) => {
      const token = await serviceToken({ scope });
      return (await verifyToken(server, token, { audience: 'demo-service' })).payload.scope;
    };
    expect(await scopeOf('write:preferences')).toBe('write:preferences');
    expect(await scopeOf('write:preferences read:profile')).toBe('write:preferences read:profile');
    expect(await scopeOf('read:profile read:profile')).toBe('read:profile');
  });

  it.each([
    ['left out', undefined],
    ['empty', ''],
    ['only spaces', '  '],
    ['null', null],
  ])('scope %s: a plain identity token without a scope claim', async (_case, scope) => {
    const token = await serviceToken({ scope });
    const { payload } = await verifyToken(server, token, { audience: 'demo-service' });
    expect(Object.keys(payload)).toEqual(['iss', 'sub', 'aud', 'iat', 'exp', 'jti']);
  });

  it('There is no refresh: asking again with the same ID token gives another token', async () => {
    const bearer = `Bearer ${await mintIdToken(server)}`;
    const first = await askToken(server, bearer, { client_id: 'demo-app' });
    const second = await askToken(server, bearer, { client_id: 'demo-app' });
    expect({ first: first.status, second: second.status }).toEqual({ first: 200, second: 200 });
    expect(second.body.access_token).not.toBe(first.body.access_token);
  });

  it('a server-to-server client names whom it likes, also a person who is disabled here', async () => {
    const { id } = await aPerson(server);
    await server.database.knex('people').where({ id }).update({ disabled_at: new Date() });
    await server.services.denied.reload();
    expect(server.services.denied.has(id)).toBe(true);
    const answer = await askToken(server, DEMO_BASIC, { client_id: 'demo-service', subject: id });
    expect(answer.status).toBe(200);
    expect(decodeJwt(String(answer.body.access_token)).sub).toBe(id);
  });

  it('a server-to-server client without a user: its default subject, when it sends none', async () => {
    await server.seed(
      secretClientSql('preference-centre', {
        scopes: "'{write:preferences}'",
        default_subject: "'preference-centre'",
      }),
    );
    const subjectOf = async (body: object) => {
      const answer = await askToken(server, basic('preference-centre', DEMO_SERVICE.secret), {
        client_id: 'preference-centre',
        scope: 'write:preferences',
        ...body,
      });
      return (await verifyToken(server, answer.body.access_token, { audience: 'preference-centre' })).payload
        .sub;
    };
    expect(await subjectOf({})).toBe('preference-centre');
    expect(await subjectOf({ subject: null })).toBe('preference-centre');
    expect(await subjectOf({ subject: 'somebody' })).toBe('somebody');
  });

  it('Basic credentials are used as they are, without form decoding', async () => {
    await server.seed(`${secretClientSql('odd-secret')}
      UPDATE listnr_client_secrets SET digest = 'sha256:' || encode(sha256(convert_to('a+b%20c:d é', 'UTF8')), 'hex')
      WHERE client_id = 'odd-secret';`);
    const ask = (secret: string) =>
      askToken(server, basic('odd-secret', secret), { client_id: 'odd-secret', subject: 'somebody' });
    expect((await ask('a+b%20c:d é')).status).toBe(200);
    expect((await ask('a b c:d é')).status).toBe(401);
  });

  it('email: only when the ID token says that it is verified, and says so with a boolean', async () => {
    const rest = { sub: ADA.id, display_name: 'Ada Lovelace', first_name: 'Ada' };
    expect(await appClaims()).toEqual({ ...rest, email: 'ada@demo.example' });
    for (const email_verified of [false, undefined, 'true', 1]) {
      expect(await appClaims({ email_verified })).toEqual(rest);
    }
  });

  it('display_name from name; first_name from given_name, or firstName where that is missing', async () => {
    const email = { sub: ADA.id, email: 'ada@demo.example' };
    expect(await appClaims({ given_name: 'Augusta' })).toEqual({
      ...email,
      display_name: 'Ada Lovelace',
      first_name: 'Augusta',
    });
    expect(await appClaims({ given_name: '', name: '' })).toEqual({ ...email, first_name: 'Ada' });
    expect(await appClaims({ firstName: undefined, name: ['Ada'] })).toEqual(email);
  });

  it('a browser application may call it from its own origin', async () => {
    const answer = await askToken(
      server,
      `Bearer ${await mintIdToken(server)}`,
      { client_id: 'demo-app' },
      { origin: 'http://127.0.0.1:9999' },
    );
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://127.0.0.1:9999');
    expect(answer.headers.get('access-control-expose-headers')).toBe(
      'WWW-Authenticate, Retry-After, X-Request-Id',
    );
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  it('a preflight is answered for any origin, without credentials', async () => {
    const answer = await fetch(server.url + ISSUE_TOKEN, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://anywhere.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(answer.status).toBe(204);
    expect({
      origin: answer.headers.get('access-control-allow-origin'),
      methods: answer.headers.get('access-control-allow-methods'),
      headers: answer.headers.get('access-control-allow-headers'),
      maxAge: answer.headers.get('access-control-max-age'),
      credentials: answer.headers.get('access-control-allow-credentials'),
    }).toEqual({
      origin: '*',
      methods: 'POST',
      headers: 'authorization,content-type',
      maxAge: '7200',
      credentials: null,
    });
  });
});

describe('Verifying a token: JWKS endpoint', () => {
  it('publishes the public members of the keys, for five minutes, without authentication, to any origin', async () => {
    const answer = await getJson(server.url + JWKS);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      keys: [
        {
          kty: 'RSA',
          kid: server.services.keyRings.listnr.current.kid,
          alg: 'RS256',
          use: 'sig',
          n: expect.stringMatching(/^[\w-]{342}$/),
          e: 'AQAB',
        },
      ],
    });
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('etag')).toMatch(/^"[\w-]{43}"$/);
  });

  it('answers 304 to whoever has the keys already, and 200 to whoever has others', async () => {
    const etag = (await fetch(server.url + JWKS)).headers.get('etag') ?? '';
    const again = await fetch(server.url + JWKS, { headers: { 'if-none-match': `"other", ${etag}` } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect(again.headers.get('etag')).toBe(etag);
    expect(again.headers.get('cache-control')).toBe('public, max-age=300');
    expect(again.headers.get('access-control-allow-origin')).toBe('*');
    const other = await fetch(server.url + JWKS, { headers: { 'if-none-match': '"other"' } });
    expect(other.status).toBe(200);
  });

  it('answers HEAD like GET, without the body', async () => {
    const [head, get] = await Promise.all([
      fetch(server.url + JWKS, { method: 'HEAD' }),
      fetch(server.url + JWKS),
    ]);
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    for (const name of ['content-length', 'content-type', 'etag', 'cache-control'])
      expect(head.headers.get(name)).toBe(get.headers.get(name));
  });

  it('answers a preflight, for a page that asks with If-None-Match', async () => {
    const answer = await fetch(server.url + JWKS, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  });

  it('shares no key with Sign in with Listo', async () => {
    const kids = async (path: string) => {
      const { body } = await getJson(server.url + path);
      return (body.keys as { kid: string }[]).map(({ kid }) => kid);
    };
    const [listnr, oidc] = await Promise.all([kids(JWKS), kids('/auth/jwks')]);
    expect(listnr.filter((kid) => oidc.includes(kid))).toEqual([]);
  });
});

describe('Verifying a token: Token structure', () => {
  it('Header: alg, kid and typ, and nothing else', async () => {
    expect(decodeProtectedHeader(await serviceToken())).toEqual({
      alg: 'RS256',
      kid: server.services.keyRings.listnr.current.kid,
      typ: 'JWT',
    });
  });

  it('Payload: the example, to the second', async () => {
    stopped = new Date(1748649600 * 1000);
    const token = await serviceToken({ scope: 'read:profile write:preferences' });
    const { payload } = await verifyToken(server, token, { audience: 'demo-service', now: stopped });
    expect(payload).toEqual({
      iss: server.url,
      sub: 'somebody',
      aud: 'demo-service',
      iat: 1748649600,
      exp: 1748650500,
      jti: expect.stringMatching(UUID_V4),
      scope: 'read:profile write:preferences',
    });
  });

  it('jti: another for every token', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => serviceToken()));
    const ids = await Promise.all(
      tokens.map(
        async (token) => (await verifyToken(server, token, { audience: 'demo-service' })).payload.jti,
      ),
    );
    expect(new Set(ids).size).toBe(5);
  });

  it('Optional claims: email, display_name and first_name', async () => {
    expect(await appClaims({}, 'demo-app', { scope: 'read:profile' })).toEqual({
      sub: ADA.id,
      scope: 'read:profile',
      email: 'ada@demo.example',
      display_name: 'Ada Lovelace',
      first_name: 'Ada',
    });
  });
});

describe('Verifying a token: Code examples, Node.js', () => {
  /** The guide's example, with its placeholders filled in. */
  function guideVerifier({ issuer = server.url, audience = 'demo-service' } = {}) {
    const JWKS_OF_ENVIRONMENT = createRemoteJWKSet(new URL(`${server.url}/v1/listnr-token-provider/jwks`));

    return async function verifyToken(token: string) {
      const { payload } = await jwtVerify(token, JWKS_OF_ENVIRONMENT, {
        issuer,
        audience,
        algorithms: ['RS256'],
      });

      return payload;
    };
  }

  it('verifies a token, and its scope can be read from what it gives (steps 1 to 7)', async () => {
    const payload = await guideVerifier()(await serviceToken({ scope: 'read:profile' }));
    expect(payload).toMatchObject({ sub: 'somebody', scope: 'read:profile' });
  });

  it('Common errors: exp in the past, after fifteen minutes', async () => {
    stopped = new Date(Date.now() - 901_000);
    await expect(guideVerifier()(await serviceToken())).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
    stopped = new Date(Date.now() - 890_000);
    await expect(guideVerifier()(await serviceToken())).resolves.toMatchObject({ sub: 'somebody' });
  });

  it('Common errors: signature invalid, when the token was tampered with', async () => {
    const [header, payload = '', signature] = (await serviceToken()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url');
    await expect(guideVerifier()([header, forged, signature].join('.'))).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('Common errors: iss mismatch, with a token of another environment', async () => {
    const verify = guideVerifier({ issuer: 'https://listnr.production.example' });
    await expect(verify(await serviceToken())).rejects.toMatchObject({
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
      claim: 'iss',
    });
  });

  it('Common errors: aud mismatch, with a token of another integration', async () => {
    const verify = guideVerifier({ audience: 'another-service' });
    await expect(verify(await serviceToken())).rejects.toMatchObject({
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
      claim: 'aud',
    });
  });

  it('Common errors: kid not found: a rotation shows two keys, and tokens of both verify', async () => {
    const { keyRings, rotation } = server.services;
    const before = keyRings.listnr.current.kid;
    const oldToken = await serviceToken();
    const oldEtag = (await fetch(server.url + JWKS)).headers.get('etag') ?? '';
    const rotateNow = { ...rotation, policy: { ...rotation.policy, publicationSeconds: 0 } };
    await rotateKeys('listnr', rotateNow, { force: true });
    await rotateKeys('listnr', rotateNow);
    await keyRings.listnr.reload();

    const after = keyRings.listnr.current.kid;
    expect(after).not.toBe(before);
    const { body, headers } = await getJson(server.url + JWKS);
    expect((body.keys as { kid: string }[]).map(({ kid }) => kid)).toEqual([after, before]);
    expect(headers.get('etag')).not.toBe(oldEtag);
    const newToken = await serviceToken();
    expect(decodeProtectedHeader(newToken).kid).toBe(after);
    const verify = guideVerifier();
    await expect(verify(oldToken)).resolves.toMatchObject({ sub: 'somebody' });
    await expect(verify(newToken)).resolves.toMatchObject({ sub: 'somebody' });
  });
});
