import { createHmac, createPublicKey } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createRefreshTokenCodec } from '../../../src/tokens/refresh-token-value.ts';
import {
  brief,
  DEMO_SPA,
  DEMO_WEB,
  obtainTokens,
  postForm,
  refresh,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { signingKey } from '../../support/clients/signing-key.ts';
import { askToken, DEMO_APP, DEMO_BASIC, DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { isOfJobs } from '../../support/databases/count-statements.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

let server: TestServer;
let tokens: Required<Tokens>;
let listnrToken: string;
let other: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  other = await aClient(server);
  tokens = (await obtainTokens(server.url)) as Required<Tokens>;
  const { body } = await askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
  listnrToken = String(body.access_token);
});
afterAll(() => server.close());

const manage = async (endpoint: 'introspect' | 'revoke', token: string) => {
  const { client_id, client_secret } = DEMO_WEB;
  return brief(await postForm(`${server.url}/auth/${endpoint}`, { token, client_id, client_secret }));
};
const NOT_VALID = { error: 'invalid_grant', error_description: 'Refresh token is not valid' };
/** RFC 7662 section 2.2: the answer says nothing more. */
const INACTIVE = { status: 200, body: { active: false } };
/** RFC 7009 section 2.2: an invalid token needs no revocation. */
const NOTHING = { status: 200, body: {} };

/** Runs `work`, and returns the statements that wrote. Notes about the use of a secret, and what jobs write, do not count. */
async function writesOf(work: () => Promise<void>): Promise<string[]> {
  const { knex } = server.database;
  const statements: string[] = [];
  const listen = ({ sql }: { sql: string }) => statements.push(sql);
  knex.on('query', listen);
  try {
    await work();
  } finally {
    knex.removeListener('query', listen);
  }
  return statements.filter(
    (sql) => /\b(insert|update|delete)\b/i.test(sql) && !isOfJobs(sql) && !/job_locks|last_used_at/.test(sql),
  );
}

describe('a refresh token is refused, and nothing is written,', () => {
  const encode = ({
    issuer = server.url,
    keys = server.services.config.secrets.refreshTokenKeys,
    client = DEMO_WEB.client_id,
    sequence = 0,
  }) =>
    createRefreshTokenCodec({ issuer, keys }).encode(
      { family: Buffer.from(tokens.refresh_token.split('.')[0] ?? '', 'base64url'), sequence },
      client,
    );
  const part = (n: number) => tokens.refresh_token.split('.')[n] ?? '';

  it.each<[string, () => string]>([
    ['with another family', () => `AAAAAAAAAAAAAAAAAAAAAA.${part(1)}.${part(2)}`],
    ['with another sequence', () => `${part(0)}.1.${part(2)}`],
    ['with another mac', () => `${part(0)}.${part(1)}.${'A'.repeat(43)}`],
    ['without a mac', () => `${part(0)}.${part(1)}.`],
    ['of an environment with another issuer', () => encode({ issuer: 'https://login.demo.example' })],
    [
      'of an environment with other keys',
      () => encode({ keys: ['another-refresh-token-key-0123456789-01'] }),
    ],
    ['of another client', () => encode({ client: DEMO_SPA.client_id })],
    ['that is an access token', () => tokens.access_token],
    ['that is an ID token', () => tokens.id_token],
    ['that is a LiSTNR token', () => listnrToken],
  ])('%s', async (_case, make) => {
    const token = make();
    const writes = await writesOf(async () => {
      expect(brief(await refresh(server.url, token))).toEqual({ status: 400, body: NOT_VALID });
    });
    expect(writes).toEqual([]);
  });

  it('that another client presents, at every endpoint', async () => {
    const { client_id, client_secret } = other;
    const as = { client_id, client_secret };
    const token = tokens.refresh_token;
    const writes = await writesOf(async () => {
      expect(brief(await refresh(server.url, token, as))).toEqual({ status: 400, body: NOT_VALID });
      expect(brief(await postForm(`${server.url}/auth/introspect`, { token, ...as }))).toEqual(INACTIVE);
      expect(brief(await postForm(`${server.url}/auth/revoke`, { token, ...as }))).toEqual(NOTHING);
    });
    expect(writes).toEqual([]);
  });

  it('at introspection and revocation, whatever is wrong with it', async () => {
    const writes = await writesOf(async () => {
      for (const token of [
        `AAAAAAAAAAAAAAAAAAAAAA.${part(1)}.${part(2)}`,
        `${part(0)}.1.${part(2)}`,
        `${part(0)}.${part(1)}.${'A'.repeat(43)}`,
        encode({ issuer: 'https://login.demo.example' }),
        encode({ keys: ['another-refresh-token-key-0123456789-01'] }),
        encode({ client: DEMO_SPA.client_id }),
      ]) {
        expect(await manage('introspect', token)).toEqual(INACTIVE);
        expect(await manage('revoke', token)).toEqual(NOTHING);
      }
    });
    expect(writes).toEqual([]);
  });

  it('while the one that was issued is still good', async () => {
    expect(await manage('introspect', tokens.refresh_token)).toMatchObject({ body: { active: true } });
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
  });
});

describe('a JWT is refused, and nothing is written,', () => {
  type Forge = (claims: JWTPayload, typ: string) => Promise<string>;
  const rings = () => server.services.keyRings;
  const sign = (claims: JWTPayload, header: Record<string, unknown>, key: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
  const somebodysKey = generateKeyPair('RS256', { extractable: true });
  const bySomebody =
    (header: (jwk: object) => Record<string, unknown>): Forge =>
    async (claims, typ) => {
      const { privateKey, publicKey } = await somebodysKey;
      return sign(claims, { typ, ...header(await exportJWK(publicKey)) }, privateKey);
    };
  const segment = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const unsigned =
    (alg: string): Forge =>
    async (claims, typ) =>
      `${segment({ alg, typ, kid: rings().oidc.current.kid })}.${segment(claims)}.`;
  const withPublicKeyAsSecret: Forge = async (claims, typ) => {
    const [jwk = {}] = rings().oidc.jwks.keys;
    const secret = createPublicKey({ key: jwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const signed = `${segment({ alg: 'HS256', typ, kid: jwk.kid })}.${segment(claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };

  const FORGERIES: [string, Forge][] = [
    ['without a signature: alg none', unsigned('none')],
    ['without a signature: alg None', unsigned('None')],
    ['without a signature: alg RS256', unsigned('RS256')],
    ['signed HS256 with our public key', withPublicKeyAsSecret],
    ['of an unknown kid', bySomebody(() => ({ kid: 'unknown' }))],
    ['of no kid', bySomebody(() => ({}))],
    ['of a stranger under our kid', bySomebody(() => ({ kid: rings().oidc.current.kid }))],
    ['that brings its key (jwk)', bySomebody((jwk) => ({ jwk }))],
    [
      'that brings its key (jwk) under our kid',
      bySomebody((jwk) => ({ jwk, kid: rings().oidc.current.kid })),
    ],
    ['that names its key (jku)', bySomebody(() => ({ jku: 'http://127.0.0.1:9/jwks', kid: 'unknown' }))],
    ['that names its key (x5u)', bySomebody(() => ({ x5u: 'http://127.0.0.1:9/x5u', kid: 'unknown' }))],
    [
      'signed by the other set, under its kid',
      async (claims, typ) =>
        sign(claims, { typ, kid: rings().listnr.current.kid }, await signingKey(server, 'listnr')),
    ],
    [
      'signed by the other set, under ours',
      async (claims, typ) =>
        sign(claims, { typ, kid: rings().oidc.current.kid }, await signingKey(server, 'listnr')),
    ],
  ];

  it.each(FORGERIES)('%s', async (_case, forge) => {
    const accessToken = await forge(decodeJwt(tokens.access_token), 'at+jwt');
    const idToken = await forge(decodeJwt(tokens.id_token), 'JWT');
    const writes = await writesOf(async () => {
      await expectNoAccessToken(accessToken);
      await expectNoIdToken(idToken);
    });
    expect(writes).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['an ID token', () => tokens.id_token],
    ['a LiSTNR token', () => listnrToken],
  ])('that is %s, where an access token belongs', async (_case, token) => {
    expect(await writesOf(() => expectNoAccessToken(token()))).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['an access token, signed with the key of ID tokens', () => tokens.access_token],
    ['a LiSTNR token', () => listnrToken],
    ['a refresh token', () => tokens.refresh_token],
  ])('that is %s, where LiSTNR wants an ID token', async (_case, token) => {
    expect(await writesOf(() => expectNoIdToken(token()))).toEqual([]);
  });

  /** RFC 6750 section 3.1 at userinfo. */
  async function expectNoAccessToken(token: string): Promise<void> {
    const description =
      token === tokens.id_token
        ? 'This is an ID token, which is for its client alone: send the access token'
        : 'Access token is not valid';
    expect(brief(await userinfo(server.url, token))).toEqual({
      status: 401,
      body: { error: 'invalid_token', error_description: description },
    });
    expect(await manage('introspect', token)).toEqual(INACTIVE);
    expect(await manage('revoke', token)).toEqual(NOTHING);
  }

  async function expectNoIdToken(token: string): Promise<void> {
    const { status, body } = await askToken(server, `Bearer ${token}`, { client_id: DEMO_APP });
    expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_token' });
  }

  it('while those that were issued are still good, and what they do is written', async () => {
    expect((await askToken(server, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP })).status).toBe(200);
    const writes = await writesOf(async () => {
      expect((await refresh(server.url, tokens.refresh_token)).status).toBe(200);
      expect(await manage('revoke', tokens.access_token)).toEqual(NOTHING);
    });
    expect(writes.map((sql) => /(refresh_families|revoked_access_tokens)/.exec(sql)?.[1])).toEqual([
      'refresh_families',
      'revoked_access_tokens',
    ]);
  });
});
