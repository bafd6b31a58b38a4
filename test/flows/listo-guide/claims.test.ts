import { createRemoteJWKSet, jwtVerify } from 'jose';
import { getJson, postForm } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { CLIENT, GUIDE, openWorld, type World } from './world.ts';

/** "Claims by Scope", "(always included)". */
const ALWAYS = {
  workerProfileId: 'worker-123',
  workerIds: [],
  userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
};
const PROFILE = { name: 'John Doe', firstName: 'John', lastName: 'Doe' };
const EMAIL = { email: 'john.doe@yourapp.com', email_verified: true };

describe(GUIDE, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  describe('Step 4: Access User Information', () => {
    it('Success Response (200 OK): exactly the claims of the guide', async () => {
      const { access_token = '' } = await world.tokens();
      const { status, headers, body } = await world.userinfo(access_token);
      expect({ status, body }).toEqual({
        status: 200,
        body: { sub: 'user-unique-id', ...EMAIL, ...PROFILE, ...ALWAYS },
      });
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(headers.get('cache-control')).toBe('no-store');
    });

    it('POST answers the same, with the token in the header or in the form (OIDC Core 5.3.1)', async () => {
      const { access_token = '' } = await world.tokens();
      const url = `${world.issuer}/auth/userinfo`;
      const { body } = await world.userinfo(access_token);
      const authorization = `Bearer ${access_token}`;
      expect((await postForm(url, {}, { authorization })).body).toEqual(body);
      expect((await postForm(url, { access_token })).body).toEqual(body);
      const bare = await fetch(url, { method: 'POST', headers: { authorization } });
      expect(await bare.json()).toEqual(body);
    });

    it.each([
      ['openid', {}],
      ['openid profile', PROFILE],
      ['openid email', EMAIL],
      ['openid profile email', { ...PROFILE, ...EMAIL }],
    ])('Claims by Scope, Scopes: %s', async (scope, claims) => {
      const { access_token = '' } = await world.tokens({ scope });
      expect((await world.userinfo(access_token)).body).toEqual({
        sub: 'user-unique-id',
        ...ALWAYS,
        ...claims,
      });
    });

    it('Claims by Scope: somebody who is not a worker has no workerProfileId, and what is not known is absent', async () => {
      const john = () => world.server.database.knex('people').where({ id: 'user-unique-id' });
      const whole = await john().first();
      await john().update({ worker_profile_id: null, last_name: null });
      const { access_token = '' } = await world.tokens();
      const { body } = await world.userinfo(access_token);
      await john().update(whole);
      expect(body).toEqual({
        sub: 'user-unique-id',
        name: 'John Doe',
        firstName: 'John',
        email: 'john.doe@yourapp.com',
        email_verified: true,
        workerIds: [],
        userIds: ALWAYS.userIds,
      });
    });

    it('Error Response (401 Unauthorized): as printed', async () => {
      await withStillTime(async (time) => {
        const { access_token = '' } = await world.tokens();
        time.forward(3599);
        expect((await world.userinfo(access_token)).status).toBe(200);
        time.forward(1);
        const { status, headers, body } = await world.userinfo(access_token);
        expect({ status, body }).toEqual({
          status: 401,
          body: { error: 'invalid_token', error_description: 'Access token expired' },
        });
        expect(headers.get('www-authenticate')).toBe(
          `Bearer realm="${world.issuer}", error="invalid_token", error_description="Access token expired"`,
        );
      });
    });
  });

  describe('UserInfo Endpoint Errors (JSON)', () => {
    it.each(['YOUR_ACCESS_TOKEN', 'a.b.c', 'e30.e30.', `${'a'.repeat(2000)}.b.c`])(
      'invalid_token, 401: %s',
      async (token) => {
        const { status, headers, body } = await world.userinfo(token);
        expect({ status, body }).toEqual({
          status: 401,
          body: { error: 'invalid_token', error_description: 'Access token is not valid' },
        });
        expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
      },
    );

    it('invalid_token, 401: without any, and the challenge names no error (RFC 6750 section 3.1)', async () => {
      const { status, headers, body } = await getJson(`${world.issuer}/auth/userinfo`);
      expect({ status, body }).toEqual({
        status: 401,
        body: { error: 'invalid_token', error_description: 'no access token provided' },
      });
      expect(headers.get('www-authenticate')).toBe(
        `Bearer realm="${world.issuer}", DPoP realm="${world.issuer}", algs="RS256 PS256 ES256 Ed25519 EdDSA"`,
      );
    });

    it('insufficient_scope, 403: a token without openid', async () => {
      const { access_token = '' } = await world.tokens({ scope: 'profile' });
      const { status, headers, body } = await world.userinfo(access_token);
      expect({ status, body }).toEqual({
        status: 403,
        body: {
          error: 'insufficient_scope',
          error_description: 'access token missing openid scope',
          scope: 'openid',
        },
      });
      expect(headers.get('www-authenticate')).toBe(
        `Bearer realm="${world.issuer}", error="insufficient_scope", ` +
          'error_description="access token missing openid scope", scope="openid"',
      );
    });
  });

  const verify = (token: string, audience = CLIENT.client_id) =>
    jwtVerify(token, createRemoteJWKSet(new URL(`${world.issuer}/auth/jwks`)), {
      issuer: world.issuer,
      audience,
      typ: 'JWT',
      algorithms: ['RS256'],
    });

  describe('ID Token (JWT)', () => {
    it('ID Token Structure, Important Claims, Validating the ID Token: exactly these claims, signed with the published key', async () => {
      await withStillTime(async (time) => {
        const { id_token = '' } = await world.tokens({ nonce: 'your-nonce-value' });
        expect((await verify(id_token)).payload).toEqual({
          iss: world.issuer,
          sub: 'user-unique-id',
          aud: 'client_abc123',
          exp: time.now() + 3600,
          iat: time.now(),
          nonce: 'your-nonce-value',
          // OpenID Connect's own, beside the guide's.
          sid: expect.any(String),
          client_id: 'client_abc123',
          scope: 'openid profile email',
          name: 'John Doe',
          firstName: 'John',
          lastName: 'Doe',
          email: 'john.doe@yourapp.com',
          email_verified: true,
          workerProfileId: 'worker-123',
          workerIds: [],
          userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
        });
        time.forward(3600);
        await expect(verify(id_token)).rejects.toMatchObject({ code: 'ERR_JWT_EXPIRED' });
      });
    });

    it('Claims by Scope hold for it too, and nonce is there only if provided', async () => {
      await withStillTime(async (time) => {
        const { id_token = '' } = await world.tokens({ scope: 'openid' });
        expect((await verify(id_token)).payload).toEqual({
          iss: world.issuer,
          sub: 'user-unique-id',
          sid: expect.any(String),
          aud: 'client_abc123',
          exp: time.now() + 3600,
          iat: time.now(),
          client_id: 'client_abc123',
          scope: 'openid',
          workerProfileId: 'worker-123',
          workerIds: [],
          userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
        });
      });
    });

    it('aud: another client may not take it for its own', async () => {
      const { id_token = '' } = await world.tokens();
      await expect(verify(id_token, 'client_strict')).rejects.toMatchObject({
        code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
        claim: 'aud',
      });
    });

    it('auth_time is there when max_age was asked for (OIDC Core 3.1.2.1)', async () => {
      const { id_token = '' } = await world.tokens({ max_age: '86400' });
      expect((await verify(id_token)).payload.auth_time).toEqual(expect.any(Number));
    });
  });
});
