import { createHash } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { brief, pkce, postForm, refused, statusAndError } from '../../support/clients/relying-party.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import {
  CLIENT,
  GUIDE,
  NO_REFRESH_CLIENT,
  openWorld,
  PUBLIC_CLIENT,
  STRICT_CLIENT,
  VERIFIER,
  type World,
} from './world.ts';

const MEMBERS = ['access_token', 'expires_in', 'id_token', 'refresh_token', 'scope', 'token_type'];

describe(GUIDE, () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  describe('Step 3: Exchange Code for Tokens', () => {
    it('Request Body, Success Response (200 OK): exactly the members of the guide', async () => {
      const answer = await world.exchange(await world.code());
      expect(brief(answer)).toEqual({
        status: 200,
        body: {
          access_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
          token_type: 'Bearer',
          expires_in: 3600,
          refresh_token: expect.stringMatching(/^[\w.-]{43,}$/),
          id_token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
          scope: 'openid profile email',
        },
      });
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('access_token is a JWT of its own type, id_token has the header of the example', async () => {
      const { access_token = '', id_token = '' } = await world.tokens();
      const kid = expect.any(String);
      expect(decodeProtectedHeader(access_token)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid }); // RFC 9068
      expect(decodeProtectedHeader(id_token)).toEqual({ alg: 'RS256', typ: 'JWT', kid });
    });

    it('a form answers the same as JSON, and credentials in the header the same as in the body', async () => {
      const url = `${world.issuer}/auth/token`;
      const { client_id, client_secret, redirect_uri } = CLIENT;
      const basic = { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
      const request = async () => ({
        grant_type: 'authorization_code',
        code: await world.code(),
        redirect_uri,
      });
      const answers = [
        await world.token({ ...(await request()), client_id, client_secret }),
        await postForm(url, { ...(await request()), client_id, client_secret }),
        await postForm(url, await request(), basic),
        await postForm(url, { ...(await request()), client_id }, basic),
      ];
      for (const { status, body } of answers)
        expect({ status, members: Object.keys(body).sort() }).toEqual({ status: 200, members: MEMBERS });
    });

    it('null in JSON means absent', async () => {
      const answer = await world.exchange(await world.code(), { code_verifier: null });
      expect(answer.status).toBe(200);
    });

    it.each(['code', 'redirect_uri'])('%s: required', async (name) => {
      expect(brief(await world.exchange(await world.code(), { [name]: null }))).toEqual(
        refused('invalid_request', `missing required parameter '${name}'`),
      );
    });

    it('grant_type, client_id, client_secret: required', async () => {
      const code = await world.code();
      expect(brief(await world.exchange(code, { grant_type: null }))).toEqual(
        refused('invalid_request', "missing required parameter 'grant_type'"),
      );
      expect(brief(await world.exchange(code, { client_id: null, client_secret: null }))).toEqual(
        refused('invalid_request', 'no client authentication mechanism provided'),
      );
      expect(brief(await world.exchange(code, { client_secret: null }))).toEqual(
        refused('invalid_client', 'client authentication failed: no secret was sent', 401),
      );
      expect((await world.exchange(code)).status).toBe(200);
    });

    it('redirect_uri: must be identical to the one of the authorization request', async () => {
      const redirect_uri = 'https://staging.yourapp.com/callback';
      expect(brief(await world.exchange(await world.code(), { redirect_uri }))).toEqual(
        refused('invalid_grant', 'redirect_uri is not the one of the authorization request'),
      );
    });

    it('refresh_token: only for a client that has the refresh grant; id_token: only with openid', async () => {
      const { client_id } = NO_REFRESH_CLIENT;
      expect(Object.keys(await world.tokens({ client_id, scope: 'openid' })).sort()).toEqual([
        'access_token',
        'expires_in',
        'id_token',
        'scope',
        'token_type',
      ]);
      const tokens = await world.tokens({ scope: 'profile' });
      expect(Object.keys(tokens).sort()).toEqual(MEMBERS.filter((name) => name !== 'id_token'));
      expect(tokens.scope).toBe('profile');
    });

    it('Error Response (400 Bad Request): as printed', async () => {
      await withStillTime(async (time) => {
        const code = await world.code();
        time.forward(600);
        expect(brief(await world.exchange(code))).toEqual({
          status: 400,
          body: { error: 'invalid_grant', error_description: 'Authorization code expired' },
        });
      });
    });
  });

  describe('PKCE (Proof Key for Code Exchange)', () => {
    it('the example verifier fits the challenge made of it as printed, and no other does', async () => {
      const code_challenge = createHash('sha256').update(VERIFIER).digest('base64url');
      const parameters = { code_challenge, code_challenge_method: 'S256' };
      const code = await world.code(parameters);
      expect(brief(await world.exchange(code, { code_verifier: pkce().code_verifier }))).toEqual(
        refused('invalid_grant', 'code_verifier does not match the code_challenge'),
      );
      expect(brief(await world.exchange(code, { code_verifier: code_challenge }))).toEqual(
        refused('invalid_grant', 'code_verifier does not match the code_challenge'),
      );
      expect(brief(await world.exchange(code))).toEqual(refused('invalid_grant', 'code_verifier is missing'));
      expect((await world.exchange(code, { code_verifier: VERIFIER })).status).toBe(200);
    });

    it.each([42, 129])('a verifier of %i characters is none', async (length) => {
      const { code_challenge, code_challenge_method } = pkce();
      const code = await world.code({ code_challenge, code_challenge_method });
      const answer = await world.exchange(code, { code_verifier: 'v'.repeat(length) });
      expect(statusAndError(answer)).toEqual({ status: 400, error: 'invalid_grant' });
    });
  });

  describe('Token Endpoint Errors (JSON)', () => {
    it('invalid_request: missing or invalid parameters', async () => {
      expect(brief(await world.token({ grant_type: 'refresh_token', ...CLIENT }))).toEqual(
        refused('invalid_request', "missing required parameter 'refresh_token'"),
      );
    });

    it.each([
      ['a wrong secret', { client_secret: 'WRONG' }],
      ['an unknown client', { client_id: 'client_unknown' }],
      ['a secret for a public client', { client_id: PUBLIC_CLIENT.client_id }],
    ])('invalid_client: %s', async (_what, changes) => {
      const answer = await world.exchange('anything', changes);
      expect(brief(answer)).toEqual(refused('invalid_client', 'client authentication failed', 401));
    });

    it('invalid_client: no secret, which is said', async () => {
      const answer = await world.exchange('anything', { client_secret: null });
      const description = 'client authentication failed: no secret was sent';
      expect(brief(answer)).toEqual(refused('invalid_client', description, 401));
    });

    it('invalid_client: in a header, is answered with a challenge (RFC 6749 section 5.2)', async () => {
      const authorization = `Basic ${btoa(`${CLIENT.client_id}:WRONG`)}`;
      const { status, headers } = await postForm(`${world.issuer}/auth/token`, {}, { authorization });
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toBe(
        `Basic realm="${world.issuer}", error="invalid_client", error_description="client authentication failed"`,
      );
    });

    it('invalid_grant: authorization code invalid, expired, or already used', async () => {
      expect(brief(await world.exchange('AUTHORIZATION_CODE'))).toEqual(
        refused('invalid_grant', 'Authorization code is not valid'),
      );
      const code = await world.code();
      await world.exchange(code);
      expect(brief(await world.exchange(code))).toEqual(
        refused('invalid_grant', 'Authorization code already used: its sign-in was ended'),
      );
    });

    it('invalid_grant: a code of another client, which keeps it', async () => {
      const code = await world.code();
      expect(brief(await world.exchange(code, { client_id: STRICT_CLIENT.client_id }))).toEqual(
        refused('invalid_grant', 'Authorization code is not valid'),
      );
      expect((await world.exchange(code)).status).toBe(200);
    });

    it('unauthorized_client: client not authorized for this grant type', async () => {
      const { client_id, client_secret } = NO_REFRESH_CLIENT;
      const body = { grant_type: 'refresh_token', refresh_token: 'refresh_abc123', client_id, client_secret };
      expect(brief(await world.token(body))).toEqual(
        refused('unauthorized_client', 'This client may not use the grant type refresh_token'),
      );
    });

    it.each(['client_credentials', 'password', 'implicit', 'anything'])(
      'unsupported_grant_type: %s',
      async (grant_type) => {
        expect(brief(await world.token({ ...CLIENT, grant_type }))).toEqual(
          refused('unsupported_grant_type', 'unsupported grant_type requested'),
        );
      },
    );

    it('invalid_scope: requested scope is invalid', async () => {
      const { refresh_token = '' } = await world.tokens({ scope: 'openid' });
      const body = { grant_type: 'refresh_token', refresh_token, ...CLIENT };
      expect(brief(await world.token({ ...body, scope: 'openid email' }))).toMatchObject({
        status: 400,
        body: { error: 'invalid_scope', error_description: 'refresh token missing requested scope' },
      });
      expect(brief(await world.token({ ...body, scope: 'open"id' }))).toMatchObject({
        status: 400,
        body: { error: 'invalid_scope', error_description: 'scope contains invalid characters' },
      });
      expect((await world.token(body)).status).toBe(200);
    });
  });
});
