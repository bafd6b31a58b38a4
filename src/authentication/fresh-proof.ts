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
  const strongest = strongestOf(factors, policy);
  return !proven.some(({ method, at }) => at > now - FRESH_SECONDS && strongest.includes(method));
}

function strongestOf({ passkeys, totp }: Factors, policy: Policy): readonly Method[] {
  if (passkeys > 0 && policy.passkeys !== 'off') return ['passkey', 'recovery'];
  if (totp && policy.secondFactor !== 'off') return ['otp', 'passkey', 'recovery'];
  return ['pwd', 'upstream', 'passkey', 'otp', 'recovery'];
}
