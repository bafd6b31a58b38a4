import type { Factors } from '../accounts/factor-store.ts';
import type { Policy } from '../instances/sign-in-policy.ts';
import { provesStrongest, type Strongest, strongestOf } from './fresh-proof.ts';
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
 * with a second factor proves it before setting up another, whether this application asks for it or not. Nobody sets
 * one up with an old session alone: whoever took it would keep the account.
 */
export function nextStep({ proven, factors, policy, wanted }: Situation): Step {
  if (!proven.some(identifies)) return { step: 'identify' };
  if (wanted === 'strongest' && !provesStrongest(proven, { factors, policy }))
    return proofOf(strongestOf(factors, policy), factors);
  const hasPasskey = factors.passkeys > 0 && policy.passkeys !== 'off';
  const lacksPasskey = !proves(proven, 'passkey') && policy.passkeys === 'required';
  if (areTwoFactors(proven) && !lacksPasskey) return { step: 'done' };

  const asksForCodes = policy.secondFactor !== 'off';
  const by = waysOf(factors, {
    app: asksForCodes && !(lacksPasskey && hasPasskey),
    passkey: hasPasskey,
    recovery: asksForCodes || hasPasskey,
  }).filter((method) => !proves(proven, method));
  const mustHaveOne =
    policy.passkeys === 'required' || policy.secondFactor === 'required' || wanted === 'required';
  const isAsked = mustHaveOne || policy.secondFactor === 'optional' || wanted !== 'any';
  // A person who proved a recovery code has lost the rest.
  if (isAsked && hasOne(by) && !proves(proven, 'recovery')) return { step: 'second_factor', by };
  if (!mustHaveOne) return { step: 'done' };
  const kinds = possible(policy);
  if (kinds.length === 0) return { step: 'impossible' };
  const own = waysOf(factors, { app: true, passkey: true, recovery: true });
  const fresh = proven.filter(({ stale }) => !stale);
  if (hasOne(own) && !SECOND_FACTORS.some((method) => proves(fresh, method)))
    return { step: 'second_factor', by: own };
  return fresh.length > 0 ? { step: 'set_up_factor', kinds } : { step: 'identify' };
}

const SECOND_FACTORS: readonly SecondFactor[] = ['otp', 'passkey', 'recovery'];

/** The step that proves the strongest factor anew. A recovery code stands in for it. */
function proofOf(strongest: Strongest, factors: Factors): Step {
  if (strongest === 'first') return { step: 'identify' };
  const by = waysOf(factors, { app: strongest === 'totp', passkey: true, recovery: true });
  return { step: 'second_factor', by };
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

/** The ways that a person has, of those that do. Where only a passkey does, its device may be lost. */
function waysOf(
  { totp, passkeys, recoveryCodes }: Factors,
  does: { app: boolean; passkey: boolean; recovery: boolean },
): SecondFactor[] {
  return [
    ...(does.app && totp ? ['otp' as const] : []),
    ...(does.passkey && passkeys > 0 ? ['passkey' as const] : []),
    ...(does.recovery && recoveryCodes > 0 ? ['recovery' as const] : []),
  ];
}

/** Recovery codes are no factor of their own. */
function hasOne(ways: readonly SecondFactor[]): boolean {
  return ways.some((method) => method !== 'recovery');
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
