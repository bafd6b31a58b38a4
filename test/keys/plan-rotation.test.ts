import { planRotation, type RotationPolicy } from '../../src/keys/plan-rotation.ts';
import type { SigningKey } from '../../src/keys/signing-key.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const POLICY: RotationPolicy = { periodSeconds: 1000, publicationSeconds: 100, retirementSeconds: 500 };

const secondsAgo = (seconds: number) => new Date(NOW.getTime() - seconds * 1000);
const secondsAhead = (seconds: number) => secondsAgo(-seconds);

function aKey(kid: string, members: Partial<SigningKey>): SigningKey {
  return {
    kid,
    keySet: 'oidc',
    alg: 'RS256',
    state: 'current',
    publicJwk: { kty: 'RSA' },
    privateJwk: { kty: 'RSA' },
    promoteAfter: undefined,
    activatedAt: undefined,
    retiredAt: undefined,
    ...members,
  };
}

const current = (age: number) => aKey('current', { state: 'current', activatedAt: secondsAgo(age) });
const next = (promoteAfter: Date) => aKey('next', { state: 'next', promoteAfter });
const retired = (age: number) => aKey('retired', { state: 'retired', retiredAt: secondsAgo(age) });

describe('planning a rotation', () => {
  it('makes a current key where there is none', () => {
    expect(planRotation([], POLICY, NOW)).toEqual([
      { action: 'create', state: 'current', promoteAfter: undefined },
    ]);
  });

  it('leaves a young current key alone', () => {
    expect(planRotation([current(899)], POLICY, NOW)).toEqual([]);
  });

  it('publishes the next key so early that its publication ends with the period of the current one', () => {
    expect(planRotation([current(900)], POLICY, NOW)).toEqual([
      { action: 'create', state: 'next', promoteAfter: secondsAhead(100) },
    ]);
  });

  it('makes no second next key', () => {
    expect(planRotation([current(950), next(secondsAhead(50))], POLICY, NOW)).toEqual([]);
  });

  it('lets the next key sign once it has been published for long enough, and retires the current one first', () => {
    expect(planRotation([current(1000), next(NOW)], POLICY, NOW)).toEqual([
      { action: 'retire', kid: 'current' },
      { action: 'promote', kid: 'next' },
    ]);
  });

  it('lets the next key sign at once where the current one has gone', () => {
    expect(planRotation([next(secondsAhead(99))], POLICY, NOW)).toEqual([{ action: 'promote', kid: 'next' }]);
  });

  it('keeps a retired key while a token it signed can be alive, and removes it then', () => {
    expect(planRotation([current(1), retired(499)], POLICY, NOW)).toEqual([]);
    expect(planRotation([current(1), retired(500)], POLICY, NOW)).toEqual([
      { action: 'remove', kid: 'retired' },
    ]);
  });

  it('when forced, publishes the next key now and still waits with signing', () => {
    expect(planRotation([current(1)], POLICY, NOW, { force: true })).toEqual([
      { action: 'create', state: 'next', promoteAfter: secondsAhead(100) },
    ]);
    expect(planRotation([current(1), next(secondsAhead(60))], POLICY, NOW, { force: true })).toEqual([]);
  });
});
