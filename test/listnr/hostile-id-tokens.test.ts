import { exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { obtainTokens } from '../support/clients/relying-party.ts';
import { signingKey } from '../support/clients/signing-key.ts';
import {
  adaClaims,
  askToken,
  bearerClientSql,
  mintIdToken,
  personSql,
} from '../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function presentToken(token: string, clientId = 'demo-app') {
  const answer = await askToken(server, `Bearer ${token}`, { client_id: clientId });
  return {
    status: answer.status,
    body: answer.body,
    challenge: answer.headers.get('www-authenticate'),
    cache: answer.headers.get('cache-control'),
  };
}

function tokenRefused(description: string) {
  return {
    status: 401,
    body: { error: 'invalid_token', error_description: description },
    // RFC 6750 section 3
    challenge: `Bearer realm="listnr-token-provider", error="invalid_token", error_description="${description}"`,
    cache: 'no-store',
  };
}

describe('refuses an ID token: 401 invalid_token', () => {
  const NOT_JWT = 'The bearer token is not an ID token: it is not a signed JWT.';
  const WRONG_TYP = 'The bearer token is not an ID token: its typ says so.';
  const BAD_SIGNATURE = 'The signature of the ID token is not valid.';
  const WRONG_KEY = 'The ID token is signed with an unknown key.';
  const WRONG_ALG = 'The ID token is signed with an algorithm that is not accepted.';
  const STRANGER = 'The ID token was issued to an application that this client does not accept';
  const now = () => Math.floor(Date.now() / 1000);

  it.each(['garbage', 'a.b', 'a.b.c', 'a.b.c.d.e', '..', 'bnVsbA.bnVsbA.bnVsbA'])('%s', async (token) => {
    expect(await presentToken(token)).toEqual(tokenRefused(NOT_JWT));
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    ['expired', () => ({ exp: now() - 1 }), 'The ID token has expired.'],
    ['that expires now', () => ({ exp: now() }), 'The ID token has expired.'],
    ['without exp', () => ({ exp: undefined }), 'The ID token has no exp.'],
    ['with an exp that is text', () => ({ exp: '9999999999' }), 'The ID token has no exp.'],
    ['without iat', () => ({ iat: undefined }), 'The ID token has no iat.'],
    ['of the future', () => ({ iat: now() + 60 }), 'The ID token was issued in the future.'],
    ['not valid yet', () => ({ nbf: now() + 60 }), 'The ID token is not valid yet.'],
    ['with an nbf that is text', () => ({ nbf: 'now' }), 'The ID token is not valid yet.'],
    ['without sub', () => ({ sub: undefined }), 'The ID token has no usable sub.'],
    ['with an empty sub', () => ({ sub: '' }), 'The ID token has no usable sub.'],
    ['with a sub that is a number', () => ({ sub: 7 }), 'The ID token has no usable sub.'],
    ['with a NUL in its sub', () => ({ sub: 'a\0b' }), 'The ID token has no usable sub.'],
    ['for another application', () => ({ aud: 'client_other' }), `${STRANGER}.`],
    ['for nobody', () => ({ aud: undefined }), `${STRANGER}.`],
    ['with an empty list of audiences', () => ({ aud: [] }), `${STRANGER}.`],
    ['for this server itself', () => ({ aud: server.url }), `${STRANGER}.`],
    ['with an azp of a stranger', () => ({ azp: 'client_other' }), `${STRANGER} (azp).`],
    ['with an azp that is a list', () => ({ azp: ['client_demo_web'] }), `${STRANGER} (azp).`],
    [
      'for an audience of ours and a stranger, without azp',
      () => ({ aud: ['client_demo_web', 'client_other'] }),
      'The ID token has several audiences and no azp.',
    ],
    [
      'of another issuer',
      () => ({ iss: 'https://accounts.example' }),
      'The issuer of the ID token is not one that this client accepts.',
    ],
    [
      'without an issuer',
      () => ({ iss: undefined }),
      'The issuer of the ID token is not one that this client accepts.',
    ],
    [
      'of the issuer named self',
      () => ({ iss: 'self' }),
      'The issuer of the ID token is not one that this client accepts.',
    ],
    [
      'that is a logout token without a typ',
      () => ({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }),
      'The token is not an ID token.',
    ],
    ['that says it is an access token', () => ({ token_use: 'access' }), 'The token is not an ID token.'],
    ['whose payload is of another typ', () => ({ typ: 'Bearer' }), 'The token is not an ID token.'],
    ['with the scopes of an access token', () => ({ scp: ['read'] }), 'The token is not an ID token.'],
    ['bound to a key', () => ({ cnf: { jkt: 'x' } }), 'The token is not an ID token.'],
  ])('one %s', async (_case, claims, description) => {
    expect(await presentToken(await mintIdToken(server, claims()))).toEqual(tokenRefused(description));
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['a clock half a minute ahead', () => ({ iat: now() + 20, nbf: now() + 20 })],
    ['several audiences that are all listed', () => ({ aud: ['client_demo_web', 'client_demo_spa'] })],
    [
      'several audiences and an azp that is listed',
      () => ({ aud: ['client_demo_web', 'client_other'], azp: 'client_demo_web' }),
    ],
  ])('but takes %s', async (_case, claims) => {
    const token = await mintIdToken(server, claims());
    expect((await askToken(server, `Bearer ${token}`, { client_id: 'demo-app' })).status).toBe(200);
  });

  it.each([
    ['at+jwt', WRONG_TYP],
    ['logout+jwt', WRONG_TYP],
    ['token-introspection+jwt', WRONG_TYP],
    ['', WRONG_TYP],
    [7, WRONG_TYP],
  ])('one whose header says typ %j', async (typ, description) => {
    expect(await presentToken(await mintIdToken(server, {}, { header: { typ } }))).toEqual(
      tokenRefused(description),
    );
  });

  it.each(['JWT', 'jwt', undefined])('but takes one whose header says the typ %s', async (typ) => {
    const token = await mintIdToken(server, {}, { header: { typ } });
    expect((await askToken(server, `Bearer ${token}`, { client_id: 'demo-app' })).status).toBe(200);
  });

  it('an access token of ours', async () => {
    const { access_token } = await obtainTokens(server.url);
    expect(await presentToken(access_token)).toEqual(tokenRefused(WRONG_TYP));
  });

  it('a LiSTNR token, even for an audience that is listed: its key is another', async () => {
    await server.seed(bearerClientSql('nested', { audience: "'client_demo_web'" }));
    const { body } = await askToken(server, `Bearer ${await mintIdToken(server)}`, { client_id: 'nested' });
    expect(await presentToken(String(body.access_token))).toEqual(tokenRefused(WRONG_KEY));
  });

  it('one that was tampered with', async () => {
    const [header, , signature] = (await mintIdToken(server)).split('.');
    const claims = Buffer.from(JSON.stringify({ ...adaClaims(server), sub: 'root' })).toString('base64url');
    expect(await presentToken(`${header}.${claims}.${signature}`)).toEqual(tokenRefused(BAD_SIGNATURE));
    expect(await presentToken(`${header}.${claims}.`)).toEqual(tokenRefused(BAD_SIGNATURE));
  });

  it('alg none', async () => {
    const unsecured = new UnsecuredJWT(adaClaims(server)).encode();
    expect(await presentToken(unsecured)).toEqual(tokenRefused(WRONG_ALG));
  });

  it('HS256 with our public key for a secret', async () => {
    const [jwk = {}] = server.services.keyRings.oidc.jwks.keys;
    const publicKey = await importJWK({ ...jwk, ext: true }, 'RS256');
    const pem = new TextEncoder().encode(await exportSPKI(publicKey as never));
    const token = await mintIdToken(server, {}, { header: { alg: 'HS256' }, key: pem });
    expect(await presentToken(token)).toEqual(tokenRefused(WRONG_ALG));
  });

  it('PS256 with the key of RS256', async () => {
    const { privateJwks } = server.services.keyRings.oidc;
    const key = await importJWK({ ...privateJwks.keys[0], alg: 'PS256' }, 'PS256');
    const token = await mintIdToken(server, {}, { header: { alg: 'PS256' }, key: key as never });
    expect(await presentToken(token)).toEqual(tokenRefused(BAD_SIGNATURE));
  });

  it('an unknown kid, and none', async () => {
    for (const kid of ['unknown', undefined, '../../etc/passwd', 7])
      expect(await presentToken(await mintIdToken(server, {}, { header: { kid } }))).toEqual(
        tokenRefused(WRONG_KEY),
      );
  });

  it('a stranger’s key under our kid, whatever the header brings along', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = await crypto.subtle.exportKey('jwk', publicKey);
    const headers = [{}, { jwk }, { jku: 'http://127.0.0.1:1/jwks' }, { x5u: 'http://127.0.0.1:1/x5u' }];
    for (const header of headers)
      expect(await presentToken(await mintIdToken(server, {}, { header, key: privateKey }))).toEqual(
        tokenRefused(BAD_SIGNATURE),
      );
    const embedded = await mintIdToken(server, {}, { header: { jwk, kid: undefined }, key: privateKey });
    expect(await presentToken(embedded)).toEqual(tokenRefused(WRONG_KEY));
  });

  it('a critical extension', async () => {
    const { current } = server.services.keyRings.oidc;
    const token = await new SignJWT(adaClaims(server))
      .setProtectedHeader({ alg: 'RS256', kid: current.kid, crit: ['b64'], b64: true })
      .sign(await signingKey(server));
    expect(await presentToken(token)).toEqual(tokenRefused('The ID token has a critical extension (crit).'));
  });

  it('about a disabled person, and about one that no longer exists', async () => {
    const { id, sql } = personSql({ disabled: true });
    const deleted = personSql();
    await server.seed(`${sql} ${deleted.sql} DELETE FROM people WHERE id = '${deleted.id}';`);
    // A process does this within a second, when it sees the version that the change raised.
    await server.services.denied.reload();
    const gone = tokenRefused('The person whom the ID token is about can no longer sign in.');
    expect(await presentToken(await mintIdToken(server, { sub: id }))).toEqual(gone);
    expect(await presentToken(await mintIdToken(server, { sub: deleted.id }))).toEqual(gone);
  });
});
