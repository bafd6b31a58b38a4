import type { Factors } from '../accounts/factor-store.ts';
import type { Policy } from '../instances/sign-in-policy.ts';
import type { Method, Proof } from './proof.ts';

/** So long a proof does for changes of a person's own factors and password. */
export const FRESH_SECONDS = 5 * 60;

/**
 * Whether somebody who wants to change their factors or their password has to prove again who they are. The strongest
 * factor that they have counts, or a recovery code in its place.
 */
export function needsFreshProof(
  proven: readonly Proof[],
  { factors, policy, now }: { factors: Factors; policy: Policy; now: number },
): boolean {
  return !provesStrongest(withAge(proven, now), { factors, policy });
}

/** Marks the proofs that are too old for such a change. */
export function withAge(proven: readonly Proof[], now: number): Proof[] {
  return proven.map((proof) =>
    (proof.answeredAt ?? proof.at) > now - FRESH_SECONDS ? proof : { ...proof, stale: true },
  );
}

export function provesStrongest(
  proven: readonly Proof[],
  { factors, policy }: { factors: Factors; policy: Policy },
): boolean {
  const does = INSTEAD[strongestOf(factors, policy)];
  return proven.some(({ method, stale }) => !stale && does.includes(method));
}

/** The kind of the strongest factor that a person has: `first`, if they only have what identifies them. */
export type Strongest = 'passkey' | 'totp' | 'first';

/**
 * A kind that is off does not make a person's factor worth nothing: other applications may ask for it, and whoever has
 * only the password must not get round it here. It only comes after a kind that is not off.
 */
export function strongestOf({ passkeys, totp }: Factors, policy: Policy): Strongest {
  if (passkeys > 0 && policy.passkeys !== 'off') return 'passkey';
  if (totp && policy.secondFactor !== 'off') return 'totp';
  if (passkeys > 0) return 'passkey';
  return totp ? 'totp' : 'first';
}

const INSTEAD: Record<Strongest, readonly Method[]> = {
  passkey: ['passkey', 'recovery'],
  totp: ['otp', 'passkey', 'recovery'],
  first: ['pwd', 'upstream', 'passkey', 'otp', 'recovery'],
};
