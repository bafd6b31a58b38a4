import type { Factors } from '../accounts/factor-store.ts';
import type { Policy } from '../instances/sign-in-policy.ts';
import { areTwoFactors, identifies, type Proof } from './proof.ts';

/** The ways to prove a second factor. */
export type SecondFactor = 'otp' | 'passkey' | 'recovery';
/** The kinds that a person can set up. */
export type NewFactor = 'totp' | 'passkey';

/**
 * The wish of the application beyond the policy: `any`; `preferred`, two factors of a person who has them
 * (`acr_values`); `required`, two factors or nothing (an essential `acr`); `strongest`, the strongest factor that the
 * person has, for changes of the account itself.
 */
export type Wanted = 'any' | 'preferred' | 'required' | 'strongest';

export type Step =
  | { step: 'identify' }
  | { step: 'second_factor'; by: readonly SecondFactor[] }
  | { step: 'set_up_factor'; kinds: readonly NewFactor[] }
  | { step: 'done' }
  /** The person can neither prove nor set up enough for the application. */
  | { step: 'impossible' };

interface Situation {
  proven: readonly Proof[];
  factors: Factors;
  policy: Policy;
  wanted: Wanted;
}

/**
 * Decides which step of a sign-in is due, from what is proven and stored, and nothing else decides it. A person
 * with a second factor proves it before setting up another.
 */
export function nextStep(situation: Situation): Step {
  const { proven, factors, policy, wanted } = situation;
  if (!proven.some(identifies)) return { step: 'identify' };
  const hasPasskey = factors.passkeys > 0 && policy.passkeys !== 'off';
  const strongest = wanted === 'strongest' && hasPasskey;
  const lacksPasskey =
    !proves(proven, 'passkey') &&
    (policy.passkeys === 'required' || (strongest && !proves(proven, 'recovery')));
  if (areTwoFactors(proven) && !lacksPasskey) return { step: 'done' };

  const by = usable(situation, { onlyPasskey: lacksPasskey && hasPasskey });
  const hasOne = by.some((method) => method !== 'recovery');
  const mustHaveOne =
    policy.passkeys === 'required' || policy.secondFactor === 'required' || wanted === 'required';
  const isAsked = mustHaveOne || policy.secondFactor === 'optional' || wanted !== 'any';
  // A person who proved a recovery code has lost the rest.
  if (isAsked && hasOne && !proves(proven, 'recovery')) return { step: 'second_factor', by };
  if (!mustHaveOne) return { step: 'done' };
  const kinds = possible(policy);
  return kinds.length > 0 ? { step: 'set_up_factor', kinds } : { step: 'impossible' };
}

/**
 * Whether a session does for a request whatever else the person has, so that nothing needs to be looked up. `asked`: the
 * kinds of factors for which the person was asked when it began.
 */
export function isEnough({
  proven,
  asked,
  policy,
  wanted,
}: Omit<Situation, 'factors'> & { asked: readonly NewFactor[] }): boolean {
  if (!proven.some(identifies)) return false;
  if (areTwoFactors(proven))
    return wanted !== 'strongest' && (policy.passkeys !== 'required' || proves(proven, 'passkey'));
  if (wanted !== 'any' || policy.passkeys === 'required' || policy.secondFactor === 'required') return false;
  return kindsAsked(policy).every((kind) => asked.includes(kind));
}

/** The kinds of factors for which a sign-in under this policy asks those who have one. */
export function kindsAsked({ secondFactor, passkeys }: Policy): NewFactor[] {
  if (secondFactor === 'off') return passkeys === 'required' ? ['passkey'] : [];
  return passkeys === 'off' ? ['totp'] : ['totp', 'passkey'];
}

/** Where only a passkey does, a recovery code still stands in for it: the device may be lost. */
function usable(
  { proven, factors, policy }: Situation,
  { onlyPasskey }: { onlyPasskey: boolean },
): SecondFactor[] {
  const hasPasskey = factors.passkeys > 0 && policy.passkeys !== 'off';
  const asksForCodes = policy.secondFactor !== 'off';
  return [
    ...(factors.totp && asksForCodes && !onlyPasskey ? ['otp' as const] : []),
    ...(hasPasskey ? ['passkey' as const] : []),
    ...(factors.recoveryCodes > 0 && (asksForCodes || hasPasskey) ? ['recovery' as const] : []),
  ].filter((method) => !proves(proven, method));
}

function possible({ secondFactor, passkeys }: Policy): NewFactor[] {
  return [
    ...(secondFactor !== 'off' && passkeys !== 'required' ? ['totp' as const] : []),
    ...(passkeys !== 'off' ? ['passkey' as const] : []),
  ];
}

function proves(proven: readonly Proof[], method: SecondFactor): boolean {
  return proven.some((proof) => proof.method === method);
}
