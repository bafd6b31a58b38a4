import { createHmac, createPublicKey, sign as signBytes } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createSigner } from '../../src/keys/sign-jwt.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../src/keys/signing-key.ts';
import { createVerifier } from '../../src/keys/verify-jwt.ts';

async function makeKey(kid: string, alg: KeyAlgorithm) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    privateKey,
    privateJwk: await exportJWK(privateKey),
    publicJwk: await exportJWK(publicKey),
  };
}
type Key = Awaited<ReturnType<typeof makeKey>>;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const CLAIMS = { sub: 'ada', scope: 'openid' };

describe.each(KEY_ALGORITHMS)('verifying a JWT of ours that is signed with %s', (alg) => {
  let current: Key;
  let retired: Key;
  let token: string;
  let verify: ReturnType<typeof createVerifier>;
  beforeAll(async () => {
    current = await makeKey('current', alg);
    retired = await makeKey('retired', alg);
    const others = KEY_ALGORITHMS.filter((other) => other !== alg);
    verify = createVerifier([
      current,
      retired,
      ...(await Promise.all(others.map((other) => makeKey(other, other)))),
    ]);
    token = await createSigner(current)(CLAIMS, 'at+jwt');
  });

  it('gives the claims of what any key of the ring signed', async () => {
    expect(verify(token, 'at+jwt')).toEqual(CLAIMS);
    expect(verify(await createSigner(retired)(CLAIMS, 'at+jwt'), 'at+jwt')).toEqual(CLAIMS);
  });

  it('refuses another type, and what a key outside the ring signed under a name inside', async () => {
    expect(verify(token, 'JWT')).toBeUndefined();
    const stranger = await makeKey('current', alg);
    expect(verify(await createSigner(stranger)(CLAIMS, 'at+jwt'), 'at+jwt')).toBeUndefined();
    expect(createVerifier([retired])(token, 'at+jwt')).toBeUndefined();
  });

  it('refuses a header that we would not have written, though our key signed it', async () => {
    const sign = (header: object) =>
      new SignJWT(CLAIMS)
        .setProtectedHeader({ alg, kid: 'current', typ: 'at+jwt', ...header })
        .sign(current.privateKey);
    expect(verify(await sign({}), 'at+jwt')).toEqual(CLAIMS);
    for (const header of [
      { jku: 'https://evil.example/jwks' },
      { jwk: current.publicJwk },
      { typ: 'AT+JWT' },
      { kid: 'CURRENT' },
    ])
      expect(verify(await sign(header), 'at+jwt')).toBeUndefined();
  });

  it('refuses its signature under the name of another algorithm, of another key, or of none', () => {
    const [, payload = '', signature = ''] = token.split('.');
    for (const name of [...KEY_ALGORITHMS, 'Ed25519', 'HS256', 'none', alg.toLowerCase()])
      for (const kid of ['current', ...KEY_ALGORITHMS]) {
        const header = encode({ alg: name, kid, typ: 'at+jwt' });
        const isOurs = name === alg && kid === 'current';
        expect(verify(`${header}.${payload}.${signature}`, 'at+jwt')).toEqual(isOurs ? CLAIMS : undefined);
        expect(verify(`${header}.${payload}.`, 'at+jwt')).toBeUndefined();
      }
  });

  it('refuses HS256 with its public key for a secret', () => {
    const publicKey = createPublicKey({ key: current.publicJwk, format: 'jwk' });
    for (const name of ['HS256', alg])
      for (const secret of [
        publicKey.export({ format: 'pem', type: 'spki' }),
        publicKey.export({ format: 'der', type: 'spki' }),
        JSON.stringify(current.publicJwk),
      ]) {
        const text = `${encode({ alg: name, kid: 'current', typ: 'at+jwt' })}.${encode(CLAIMS)}`;
        const forged = createHmac('sha256', secret).update(text).digest('base64url');
        expect(verify(`${text}.${forged}`, 'at+jwt')).toBeUndefined();
      }
  });

  it('refuses a signature that is empty, nothing but zeros, or longer or shorter by a byte', () => {
    const [header, payload, signature = ''] = token.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    for (const other of [
      Buffer.alloc(0),
      Buffer.alloc(bytes.length),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), bytes]),
      bytes.subarray(1),
      bytes.subarray(0, -1),
      Buffer.alloc(10_000, 1),
    ])
      expect(verify(`${header}.${payload}.${other.toString('base64url')}`, 'at+jwt')).toBeUndefined();
  });

  it('refuses a token of which one character is another, or one too many', () => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const changed = encode({ ...CLAIMS, sub: 'eve' });
    const last = signature.at(-1) ?? '';
    // The last character has spare bits, so a careless decoder accepts other spellings.
    const bitsOf = (character: string) =>
      Buffer.from(`${signature.slice(0, -1)}${character}`, 'base64url').toString('hex');
    const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      .split('')
      .find((character) => character !== last && bitsOf(character) === bitsOf(last));
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

describe('a signature in another form than its algorithm has', () => {
  const text = (alg: KeyAlgorithm) => `${encode({ alg, kid: 'kid', typ: 'at+jwt' })}.${encode(CLAIMS)}`;
  const verified = (key: Key, signature: Buffer) =>
    createVerifier([key])(`${text(key.alg)}.${signature.toString('base64url')}`, 'at+jwt');
  const keyObject = ({ privateJwk: key }: Key) => ({ key, format: 'jwk' }) as const;

  it('is refused: ES256 as ASN.1', async () => {
    const key = await makeKey('kid', 'ES256');
    const [pair, asn1] = (['ieee-p1363', 'der'] as const).map((dsaEncoding) =>
      signBytes('sha256', Buffer.from(text('ES256')), { ...keyObject(key), dsaEncoding }),
    );
    expect(pair && verified(key, pair)).toEqual(CLAIMS);
    expect(asn1 && verified(key, asn1)).toBeUndefined();
  });

  // RFC 8032 section 5.1.7: S is less than the order of the group.
  it('is refused: EdDSA with the order added to S', async () => {
    const key = await makeKey('kid', 'EdDSA');
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const signature = signBytes(null, Buffer.from(text('EdDSA')), keyObject(key));
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
    const twin = Buffer.from((s + order).toString(16).padStart(64, '0'), 'hex').reverse();
    expect(verified(key, signature)).toEqual(CLAIMS);
    expect(verified(key, Buffer.concat([signature.subarray(0, 32), twin]))).toBeUndefined();
  });

  it.each([
    ['RS256', { padding: 6, saltLength: 32 }],
    ['PS256', { padding: 1 }],
    ['PS256', { padding: 6, saltLength: 0 }],
    ['PS256', { padding: 6, saltLength: 222 }],
  ] as const)('is refused: %s with %j', async (alg, options) => {
    const key = await makeKey('kid', alg);
    const signature = signBytes('sha256', Buffer.from(text(alg)), { ...keyObject(key), ...options });
    expect(verified(key, signature)).toBeUndefined();
  });
});
