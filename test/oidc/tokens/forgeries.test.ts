import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import {
  brief,
  DEMO_WEB,
  obtainTokens,
  postForm,
  postJson,
  refresh,
  refused,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { signingKey } from '../../support/clients/signing-key.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const REFUSED = {
  status: 401,
  body: { error: 'invalid_token', error_description: 'Access token is not valid' },
};

/** RFC 8725 and RFC 9700 name most of these. */
describe('an access token', () => {
  let server: TestServer;
  let tokens: Tokens;
  beforeAll(async () => {
    server = await startTestServer();
    tokens = await obtainTokens(server.url);
  });
  afterAll(() => server.close());

  const present = async (token: string) => brief(await userinfo(server.url, token));
  const claims = () => decodeJwt(tokens.access_token);
  const publishedKey = async (path = '/auth/jwks') => {
    const { keys } = (await (await fetch(`${server.url}${path}`)).json()) as { keys: JsonWebKey[] };
    const [key] = keys;
    if (!key) throw new Error('No key is published.');
    return key;
  };

  it('is accepted as it was issued', async () => {
    expect((await present(tokens.access_token)).status).toBe(200);
  });

  it('is not the id_token and not the refresh_token', async () => {
    expect(await present(String(tokens.refresh_token))).toEqual(REFUSED);
    expect(await present(tokens.id_token)).toEqual(
      refused(
        'invalid_token',
        'This is an ID token, which is for its client alone: send the access token',
        401,
      ),
    );
  });

  it('is not a LiSTNR token', async () => {
    const { status, body } = await postJson(
      `${server.url}/v1/listnr-token-provider/issue-token`,
      {
        client_id: 'demo-service',
        client_secret: 'demo-listnr-secret-not-for-production-01',
        subject: 'someone',
        scope: 'read:profile',
      },
      { authorization: `Basic ${btoa('demo-service:demo-listnr-secret-not-for-production-01')}` },
    );
    const [token] = Object.values(body).filter(
      (value) => typeof value === 'string' && value.startsWith('eyJ'),
    );
    expect(status).toBe(200);
    expect(await present(String(token))).toEqual(REFUSED);
  });

  it('cannot be changed', async () => {
    const [header, , signature] = tokens.access_token.split('.');
    for (const change of [
      { scope: 'openid profile email admin' },
      { sub: 'somebody' },
      { exp: 9_999_999_999 },
    ]) {
      expect(await present([header, encode({ ...claims(), ...change }), signature].join('.'))).toEqual(
        REFUSED,
      );
    }
    expect(await present(`${header}.${encode(claims())}.`)).toEqual(REFUSED);
  });

  it.each(['none', 'None', 'NONE', ''])('cannot be unsigned: alg %j', async (alg) => {
    expect(await present(`${encode({ alg, typ: 'at+jwt' })}.${encode(claims())}.`)).toEqual(REFUSED);
  });

  it('cannot be signed with the published key as if it were a secret', async () => {
    const jwk = await publishedKey();
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    const signed = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: String(jwk.kid) })}.${encode(claims())}`;
    for (const secret of [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      String(jwk.n),
      JSON.stringify(jwk),
    ]) {
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      expect(await present(`${signed}.${mac}`)).toEqual(REFUSED);
    }
  });

  it('cannot bring its own key, inline, by address, or under the name of ours', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const { kid = '' } = (await publishedKey()) as { kid?: string };
    const jwk = await exportJWK(publicKey);
    for (const header of [
      { jwk },
      { kid, jwk },
      { kid },
      { jku: 'http://127.0.0.1:9/jwks' },
      { kid: '../../../dev/null' },
      { kid: '__proto__' },
      {},
    ]) {
      const forged = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', ...header })
        .sign(privateKey);
      expect(await present(forged)).toEqual(REFUSED);
    }
  });

  it('cannot be signed with the key of the LiSTNR service, which is another', async () => {
    const [ours, theirs] = [await publishedKey(), await publishedKey('/v1/listnr-token-provider/jwks')];
    expect(ours.kid).not.toBe(theirs.kid);
    expect(ours.n).not.toBe(theirs.n);
  });

  it('cannot be of another kind, issuer or audience, were it signed with our key', async () => {
    const { current } = server.services.keyRings.oidc;
    const key = await signingKey(server);
    const sign = (changes: object, typ = 'at+jwt') =>
      new SignJWT({ ...claims(), ...changes })
        .setProtectedHeader({ alg: 'RS256', kid: current.kid, typ })
        .sign(key);
    expect((await present(await sign({}))).status).toBe(200);
    for (const forged of [
      await sign({}, 'JWT'),
      await sign({}, 'logout+jwt'),
      await sign({ iss: 'https://evil.example' }),
      await sign({ aud: DEMO_WEB.client_id }),
      await sign({ jti: undefined }),
      await sign({ grant_id: undefined }),
      await sign({ client_id: undefined }),
      await sign({ sub: undefined }),
      await sign({ exp: undefined }),
      await sign({ exp: '9999999999' }),
      await sign({ exp: 1e300 }),
      await sign({ jti: 'a\0' }),
      await sign({ grant_id: 'a\0' }),
      await sign({ client_id: 'a\0' }),
      await sign({ sub: 'a\ud800' }),
      await sign({ scope: undefined }),
      // The token is bound in a way that this release cannot check.
      await sign({ cnf: { 'x5t#S512': 'a thumbprint' } }),
      await sign({ cnf: { jkt: 'a thumbprint', 'x5t#S512': 'a thumbprint' } }),
      await sign({ cnf: { 'x5t#S256': 1 } }),
      await sign({ cnf: {} }),
    ]) {
      expect(await present(forged)).toEqual(REFUSED);
    }
    // The token names another grant, client or person, and the three do not agree.
    for (const forged of [
      await sign({ grant_id: 'unknown' }),
      await sign({ client_id: 'client_demo_spa' }),
      await sign({ sub: 'somebody' }),
    ]) {
      expect((await present(forged)).status).toBe(401);
    }
  });

  it('is nothing to revoke where its claims are of another form, were it signed with our key', async () => {
    const { current } = server.services.keyRings.oidc;
    const { client_id, client_secret } = DEMO_WEB;
    for (const changes of [{ jti: 'a\0' }, { exp: 1e300 }, { jti: 'a'.repeat(3000) }]) {
      const token = await new SignJWT({ ...claims(), ...changes })
        .setProtectedHeader({ alg: 'RS256', kid: current.kid, typ: 'at+jwt' })
        .sign(await signingKey(server));
      const fields = { token, client_id, client_secret };
      expect((await postForm(`${server.url}/auth/revoke`, fields)).status).toBe(200);
      expect((await postForm(`${server.url}/auth/introspect`, fields)).body).toEqual({ active: false });
    }
  });

  it('is presented in one way: a header, or a form', async () => {
    const url = `${server.url}/auth/userinfo`;
    const { access_token } = tokens;
    const authorization = `Bearer ${access_token}`;
    const answers = [
      await fetch(`${url}?access_token=${access_token}`),
      await fetch(url, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ access_token }),
      }),
      await fetch(url, { headers: { authorization: `Bearer  ${access_token}` } }),
      await fetch(url, { headers: { authorization: `Basic ${access_token}` } }),
      await fetch(url, { headers: { authorization: access_token } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
  });

  it('is no client secret, code or refresh token either', async () => {
    const { access_token, id_token } = tokens;
    for (const token of [access_token, id_token]) {
      expect((await refresh(server.url, token)).body.error).toBe('invalid_grant');
      const code = { grant_type: 'authorization_code', code: token, ...DEMO_WEB };
      expect((await postForm(`${server.url}/auth/token`, code)).body.error).toBe('invalid_grant');
      const bearer = { authorization: `Bearer ${token}` };
      expect((await postForm(`${server.url}/auth/introspect`, { token }, bearer)).status).toBe(401);
    }
  });
});

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
