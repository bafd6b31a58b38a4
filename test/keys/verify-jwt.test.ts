import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createSigner } from '../../src/keys/sign-jwt.ts';
import { createVerifier } from '../../src/keys/verify-jwt.ts';

async function makeKey(kid: string, alg: 'RS256' | 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    privateKey,
    privateJwk: await exportJWK(privateKey),
    publicJwk: await exportJWK(publicKey),
  };
}

describe('verifying a JWT of ours', () => {
  const claims = { sub: 'ada', scope: 'openid' };
  let current: Awaited<ReturnType<typeof makeKey>>;
  let retired: typeof current;
  let other: typeof current;
  let token: string;
  let verify: ReturnType<typeof createVerifier>;
  beforeAll(async () => {
    current = await makeKey('current', 'RS256');
    retired = await makeKey('retired', 'RS256');
    other = await makeKey('other', 'ES256');
    verify = createVerifier([current, retired, other]);
    token = await createSigner(current)(claims, 'at+jwt');
  });

  it('gives the claims of what any key of the ring signed', async () => {
    expect(verify(token, 'at+jwt')).toEqual(claims);
    expect(verify(await createSigner(retired)(claims, 'at+jwt'), 'at+jwt')).toEqual(claims);
  });

  it('refuses another type, and what a key outside the ring signed under a name inside', async () => {
    expect(verify(token, 'JWT')).toBeUndefined();
    const stranger = await makeKey('current', 'RS256');
    expect(verify(await createSigner(stranger)(claims, 'at+jwt'), 'at+jwt')).toBeUndefined();
    expect(createVerifier([retired])(token, 'at+jwt')).toBeUndefined();
  });

  it('refuses a header that we would not have written, though our key signed it', async () => {
    const sign = (header: object) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: 'current', typ: 'at+jwt', ...header })
        .sign(current.privateKey);
    expect(verify(await sign({}), 'at+jwt')).toEqual(claims);
    for (const header of [
      { jku: 'https://evil.example/jwks' },
      { jwk: current.publicJwk },
      { typ: 'AT+JWT' },
      { kid: 'CURRENT' },
    ])
      expect(verify(await sign(header), 'at+jwt')).toBeUndefined();
  });

  it('refuses another algorithm', async () => {
    expect(verify(await createSigner(other)(claims, 'at+jwt'), 'at+jwt')).toBeUndefined();
  });

  it('refuses a token of which one character is another, or one too many', () => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'eve' })).toString('base64url');
    const last = signature.at(-1) ?? '';
    // 256 bytes leave four spare bits in the last character: a careless decoder accepts other spellings.
    const lastBits = (c: string) => Buffer.from(`A${c}`, 'base64url')[0];
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      .split('')
      .find((c) => c !== last && lastBits(c) === lastBits(last));
    expect(twin).toBeDefined();
    for (const forged of [
      '',
      'a',
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}.${changed}.${signature}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.${signature}.${signature}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${signature} `,
      `${header}.${payload}.${signature.slice(0, -1)}${twin}`,
      ` ${token}`,
    ])
      expect(verify(forged, 'at+jwt')).toBeUndefined();
  });
});
