import { createHash } from 'node:crypto';
import { accessTokenHash, signInClaims } from '../../../src/tokens/claims/sign-in-claims.ts';

describe('the claims about a sign-in', () => {
  it('are what a code keeps, with the number of factors', () => {
    const signIn = { nonce: 'n', authTime: 1000, sessionUid: 's', gty: 'authorization_code' };
    expect(signInClaims({ ...signIn, amr: ['pwd'] })).toEqual({
      ...{ nonce: 'n', auth_time: 1000, sid: 's', amr: ['pwd'], acr: 'urn:listo:acr:one-factor' },
    });
    expect(signInClaims({ ...signIn, amr: ['pwd', 'otp', 'mfa'] })).toMatchObject({
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:listo:acr:two-factors',
    });
  });

  it("are absent where only the customer's own provider knows", () => {
    expect(signInClaims({ authTime: 0, sessionUid: 's', gty: 'authorization_code' })).toEqual({ sid: 's' });
  });

  it.each([
    ['RS256', 'sha256', 22],
    ['ES256', 'sha256', 22],
    ['EdDSA', 'sha512', 43],
  ])('at_hash is half a hash of the algorithm that signs: %s', (alg, hash, length) => {
    const half = createHash(hash).update('token').digest();
    const expected = half.subarray(0, half.length / 2).toString('base64url');
    expect(accessTokenHash('token', alg)).toBe(expected);
    expect(expected).toHaveLength(length);
  });
});
