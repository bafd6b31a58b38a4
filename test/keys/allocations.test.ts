import { spawnSync } from 'node:child_process';

const SOURCES = new URL('../../src/keys/', import.meta.url);

/**
 * The program of a separate process. It has so much room for new objects that no garbage is collected while they are
 * counted.
 */
const PROGRAM = `
  import { generateKeyPairSync } from 'node:crypto';
  import { createSigner } from '${new URL('sign-jwt.ts', SOURCES)}';
  import { createVerifier } from '${new URL('verify-jwt.ts', SOURCES)}';
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = (key) => key.export({ format: 'jwk' });
  const key = { kid: 'kid', alg: 'RS256', privateJwk: jwk(privateKey), publicJwk: jwk(publicKey) };
  const [sign, verify] = [createSigner(key), createVerifier([key])];
  const claims = { iss: 'https://login.example', sub: 's'.repeat(36), aud: 'api', iat: 1, exp: 2, jti: 'j'.repeat(36) };
  const token = await sign(claims, 'JWT');
  const bytesOf = async (work) => {
    for (let n = 0; n < 200; n += 1) await work();
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 200; n += 1) await work();
    return (process.memoryUsage().heapUsed - before) / 200;
  };
  console.log(JSON.stringify({
    signing: await bytesOf(() => sign(claims, 'JWT')),
    verifying: await bytesOf(async () => verify(token, 'JWT')),
  }));`;

describe('what a token takes of the heap', () => {
  it('is its text and little more, 4 KiB at most: no key or header is made again', () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [
        '--expose-gc',
        '--min-semi-space-size=128',
        '--max-semi-space-size=256',
        '--input-type=module',
        '--eval',
        PROGRAM,
      ],
      { encoding: 'utf8', env: { PATH: process.env.PATH } },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const bytes: Record<string, number> = JSON.parse(stdout);
    expect(Object.keys(bytes)).toEqual(['signing', 'verifying']);
    for (const each of Object.values(bytes)) {
      expect(each).toBeGreaterThan(1000);
      expect(each).toBeLessThan(4096);
    }
  });
});
