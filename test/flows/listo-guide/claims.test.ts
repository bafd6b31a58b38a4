import { createHash } from 'node:crypto';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { getJson, postForm, postJson } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { CLIENT, GUIDE, openWorld, type World } from './world.ts';

/** "Claims by Scope", "(always included)". */
const ALWAYS = {
  workerProfileId: 'worker-123',
  workerIds: [],
  userIds: [{ id: 'user-789', clientId: 'client-xyz' }],
};
const PROFILE = {
  name: 'John Doe',
  firstName: 'John',
  lastName: 'Doe',
  // Beside the guide's: OpenID Connect Core section 5.1.
  given_name: 'John',
  family_name: 'Doe',
  updated_at: expect.any(Number),
};
const EMAIL = { email: 'john.doe@yourapp.com', email_verified: true };
/** With `profile` and `email`, beside the guide's. */
const BOTH = { ...PROFILE, ...EMAIL, preferred_username: 'john.doe@yourapp.com' };

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
        body: { sub: 'user-unique-id', ...BOTH, ...ALWAYS },
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
      ['openid profile email', BOTH],
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
        given_name: 'John',
        updated_at: expect.any(Number),
        email: 'john.doe@yourapp.com',
        email_verified: true,
        preferred_username: 'john.doe@yourapp.com',
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

  const SIGN_IN = {
    sid: expect.any(String),
    auth_time: expect.any(Number),
    amr: ['pwd'],
    acr: 'urn:listo:acr:one-factor',
    at_hash: expect.stringMatching(/^[\w-]{22}$/),
  };

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
          ...SIGN_IN,
          client_id: 'client_abc123',
          scope: 'openid profile email',
          name: 'John Doe',
          firstName: 'John',
          lastName: 'Doe',
          given_name: 'John',
          family_name: 'Doe',
          updated_at: expect.any(Number),
          email: 'john.doe@yourapp.com',
          email_verified: true,
          preferred_username: 'john.doe@yourapp.com',
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
          ...SIGN_IN,
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

    it('says when and how the person signed in, and a refresh repeats it (OIDC Core 2)', async () => {
      await withStillTime(async (time) => {
        const now = time.now();
        const { id_token = '', refresh_token = '' } = await world.tokens();
        time.forward(600);
        const { client_id, client_secret } = CLIENT;
        const { body } = await postJson(`${world.issuer}/auth/token`, {
          ...{ grant_type: 'refresh_token', refresh_token, client_id, client_secret },
        });
        const { auth_time, amr, acr } = (await verify(id_token)).payload;
        expect({ amr, acr }).toEqual({ amr: ['pwd'], acr: 'urn:listo:acr:one-factor' });
        expect(auth_time).toBeLessThanOrEqual(now);
        expect((await verify(String(body.id_token))).payload).toMatchObject({ auth_time, amr, acr });
      });
    });

    it('at_hash: names the access token beside it (OIDC Core 3.1.3.6)', async () => {
      const { id_token = '', access_token = '' } = await world.tokens();
      const half = createHash('sha256').update(access_token).digest().subarray(0, 16);
      expect((await verify(id_token)).payload.at_hash).toBe(half.toString('base64url'));
    });
  });
});
