import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import { signatureOf } from '../../../src/keys/signature-algorithms.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../../src/keys/signing-key.ts';
import type { Browser } from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  brief,
  postForm,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken } from '../../support/clients/token-provider.ts';
import { openWorld, SERVICE, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const ring = () => world.server.services.keyRings.oidc;

/** The pair of keys with which the server signs now. */
function keysOf(alg: KeyAlgorithm) {
  const { kid = '' } = ring().signer(alg) ?? {};
  const privateJwk = ring().privateJwks.keys.find((key) => key.kid === kid) as JsonWebKey;
  const publicJwk = ring().jwks.keys.find((key) => key.kid === kid) as JsonWebKey;
  return { kid, privateKey: createPrivateKey({ key: privateJwk, format: 'jwk' }), publicJwk };
}

interface Header {
  alg: string;
  kid: string;
}

/** Signs as `node:crypto` is told to, under any header. */
function signed(
  { alg, kid }: Header,
  { claims, typ }: { claims: JWTPayload; typ: string },
  how: (text: Buffer) => Buffer,
): string {
  const text = `${encode({ alg, kid, typ })}.${encode(claims)}`;
  return `${text}.${how(Buffer.from(text)).toString('base64url')}`;
}

/** Signs with a key as this algorithm does. */
function inAlgorithm(alg: KeyAlgorithm, privateKey: KeyObject): (text: Buffer) => Buffer {
  const { hash, key } = signatureOf(alg, privateKey);
  return (text) => sign(hash, text, key);
}

type Forge = (alg: KeyAlgorithm, content: { claims: JWTPayload; typ: string }) => string[];

const isRsa = (alg: KeyAlgorithm) => alg === 'RS256' || alg === 'PS256';
const others = (alg: KeyAlgorithm) => KEY_ALGORITHMS.filter((other) => other !== alg);
const somebody = {
  RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: generateKeyPairSync('ed25519').privateKey,
};

const FORGERIES: Record<string, Forge> = {
  'without a signature': (alg, content) =>
    ['none', 'None', '', alg].map((name) =>
      signed({ alg: name, kid: keysOf(alg).kid }, content, () => Buffer.alloc(0)),
    ),
  'signed HS256 with its public key': (alg, content) => {
    const { kid, publicJwk } = keysOf(alg);
    const key = createPublicKey({ key: publicJwk, format: 'jwk' });
    return [
      key.export({ format: 'pem', type: 'spki' }),
      JSON.stringify(publicJwk),
      String(publicJwk.x ?? publicJwk.n),
    ]
      .flatMap((secret) => ['HS256', alg].map((name) => ({ secret, name })))
      .map(({ secret, name }) =>
        signed({ alg: name, kid }, content, (text) => createHmac('sha256', secret).update(text).digest()),
      );
  },
  'signed by the key of another algorithm, under its name or the own': (alg, content) =>
    others(alg).flatMap((other) =>
      [other, alg].map((name) =>
        signed({ alg: name, kid: keysOf(alg).kid }, content, inAlgorithm(other, keysOf(other).privateKey)),
      ),
    ),
  'relabelled: the right signature under the name of another algorithm': (alg, content) =>
    [...others(alg), 'Ed25519', 'RS512', 'PS384', alg.toLowerCase()].map((name) =>
      signed({ alg: name, kid: keysOf(alg).kid }, content, inAlgorithm(alg, keysOf(alg).privateKey)),
    ),
  'under the kid of another algorithm': (alg, content) =>
    others(alg).map((other) =>
      signed({ alg, kid: keysOf(other).kid }, content, inAlgorithm(alg, keysOf(alg).privateKey)),
    ),
  'signed by an RSA key in the other algorithm of RSA': (alg, content) =>
    isRsa(alg)
      ? (['RS256', 'PS256'] as const)
          .filter((other) => other !== alg)
          .flatMap((other) =>
            [alg, other].map((name) =>
              signed(
                { alg: name, kid: keysOf(alg).kid },
                content,
                inAlgorithm(other, keysOf(alg).privateKey),
              ),
            ),
          )
      : [],
  'with a signature in another form': (alg, content) => {
    const { kid, privateKey } = keysOf(alg);
    const how: Record<KeyAlgorithm, ((text: Buffer) => Buffer)[]> = {
      RS256: [],
      PS256: [0, 20, 222].map(
        (saltLength) => (text) => sign('sha256', text, { key: privateKey, padding: 6, saltLength }),
      ),
      ES256: [
        (text) => sign('sha256', text, privateKey),
        (text) => sign('sha384', text, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
      ],
      EdDSA: [(text) => withOrderAdded(sign(null, text, privateKey))],
    };
    return how[alg].map((make) => signed({ alg, kid }, content, make));
  },
  'signed by the other set, under its kid or ours': (alg, content) => {
    const { listnr } = world.server.services.keyRings;
    const [key] = listnr.privateJwks.keys;
    return [listnr.current.kid, keysOf(alg).kid].flatMap((kid) =>
      ['RS256', alg].map((name) =>
        signed({ alg: name, kid }, content, (text) =>
          sign('sha256', text, createPrivateKey({ key: key as JsonWebKey, format: 'jwk' })),
        ),
      ),
    );
  },
  'of a stranger, under our kid': (alg, content) => {
    const key = isRsa(alg) ? somebody.RSA : somebody[alg as 'ES256' | 'EdDSA'];
    return [signed({ alg, kid: keysOf(alg).kid }, content, inAlgorithm(alg, key))];
  },
};

/** RFC 8032 section 5.1.7: the same point, and an S that is too large. */
function withOrderAdded(signature: Buffer): Buffer {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  return Buffer.concat([
    signature.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ]);
}

describe.each(KEY_ALGORITHMS)('a JWT in the name of the key of %s is refused', (alg) => {
  let browser: Browser;
  let tokens: Required<Tokens>;
  beforeAll(async () => {
    ({ browser, tokens } = await world.signIn(alg));
  });

  const manage = async (endpoint: 'introspect' | 'revoke', token: string) => {
    const { client_id, client_secret } = world.clients[alg];
    const url = `${world.server.url}/auth/${endpoint}`;
    return brief(await postForm(url, { token, client_id, client_secret }));
  };
  const hinted = async (id_token_hint: string) => {
    const { client_id, redirect_uri } = world.clients[alg];
    const url = authorizationUrl(world.server.url, {
      client_id,
      redirect_uri,
      prompt: 'none',
      id_token_hint,
    });
    return new URL((await browser.get(url)).location ?? '').searchParams;
  };
  const atListnr = async (token: string) =>
    statusAndCode(await askToken(world.server, `Bearer ${token}`, { client_id: SERVICE }));
  const statusAndCode = ({ status, body }: { status: number; body: Record<string, unknown> }) => ({
    status,
    error: body.error,
  });
  const INVALID = { status: 401, error: 'invalid_token' };

  it.each(Object.keys(FORGERIES))('%s', async (name) => {
    const accessTokens =
      FORGERIES[name]?.(alg, { claims: decodeJwt(tokens.access_token), typ: 'at+jwt' }) ?? [];
    for (const token of accessTokens) {
      expect(token).not.toBe(tokens.access_token);
      expect(statusAndCode(await userinfo(world.server.url, token))).toEqual(INVALID);
      expect(await manage('introspect', token)).toEqual({ status: 200, body: { active: false } });
      expect(await manage('revoke', token)).toEqual({ status: 200, body: {} });
    }
    const idTokens = FORGERIES[name]?.(alg, { claims: decodeJwt(tokens.id_token), typ: 'JWT' }) ?? [];
    for (const token of idTokens) {
      expect(await atListnr(token)).toEqual(INVALID);
      // A hint of a key that is gone proves nothing, and makes nothing easier (oidc/id-token-hint.ts).
      const isGone = ring().publicKey(String(decodeProtectedHeader(token).kid)) === undefined;
      if (!isGone) expect((await hinted(token)).get('error')).toBe('invalid_request');
      const page = await browser.follow(
        await browser.get(`${world.server.url}/auth/logout?id_token_hint=${token}`),
      );
      expect(page.html).toContain('<h1>Sign out?</h1>');
    }
  });

  it('if it is an ID token where an access token belongs, or the other way round', async () => {
    const { status, body } = await userinfo(world.server.url, tokens.id_token);
    expect({ status, body }).toEqual({
      status: 401,
      body: {
        error: 'invalid_token',
        error_description: 'This is an ID token, which is for its client alone: send the access token',
      },
    });
    expect(await manage('introspect', tokens.id_token)).toEqual({ status: 200, body: { active: false } });
    expect(await atListnr(tokens.access_token)).toEqual(INVALID);
    expect((await hinted(tokens.access_token)).get('error')).toBe('invalid_request');
  });

  it('if it is a signed answer of the authorization endpoint', async () => {
    const answer = await world.signedAnswer(alg, browser);
    expect(decodeProtectedHeader(answer)).toEqual({ alg, kid: keysOf(alg).kid, typ: 'JWT' });
    expect(statusAndCode(await userinfo(world.server.url, answer))).toEqual(INVALID);
    expect(await manage('introspect', answer)).toEqual({ status: 200, body: { active: false } });
    expect(await atListnr(answer)).toEqual(INVALID);
    expect((await hinted(answer)).get('error')).toBe('invalid_request');
  });

  it('and what is signed as the server signs is not', async () => {
    const { kid, privateKey } = keysOf(alg);
    const again = (claims: JWTPayload, typ: string) =>
      signed({ alg, kid }, { claims, typ }, inAlgorithm(alg, privateKey));
    const accessToken = again(decodeJwt(tokens.access_token), 'at+jwt');
    expect((await userinfo(world.server.url, accessToken)).status).toBe(200);
    const idToken = again(decodeJwt(tokens.id_token), 'JWT');
    expect((await atListnr(idToken)).status).toBe(200);
    expect((await hinted(idToken)).get('code')).toEqual(expect.any(String));
  });

  it('once it is revoked, however it is signed again', async () => {
    const { kid, privateKey } = keysOf(alg);
    const twin = signed(
      { alg, kid },
      { claims: decodeJwt(tokens.access_token), typ: 'at+jwt' },
      inAlgorithm(alg, privateKey),
    );
    expect(await manage('revoke', tokens.access_token)).toEqual({ status: 200, body: {} });
    for (const token of [tokens.access_token, twin])
      expect(statusAndCode(await userinfo(world.server.url, token))).toEqual(INVALID);
  });
});
