import type { Factors } from '../accounts/factor-store.ts';
import { FRESH_SECONDS, needsFreshProof } from '../authentication/fresh-proof.ts';
import type { Instance } from '../instances/instance.ts';
import { type Policy, policyOf } from '../instances/sign-in-policy.ts';
import { STRONGEST } from '../oidc/checks/requested-acr.ts';
import { proofsOf } from '../oidc/session.ts';
import { HttpError } from '../platform/errors.ts';
import { epochSeconds } from '../platform/time/clock.ts';
import type { AccountDependencies } from './dependencies.ts';
import type { AccountVisit } from './visit.ts';

/**
 * The request for a proof by the strongest factor that the person has, given less than `FRESH_SECONDS` ago. A person who
 * signs in elsewhere gets no `max_age`: some providers never say when that was, so nobody there could change anything.
 * They have to sign in anew there all the same, or to prove a factor of their own.
 */
export function freshProof({ authentication }: Pick<Instance, 'authentication'>): Record<string, string> {
  const maxAge = authentication === 'oidc' ? {} : { max_age: String(FRESH_SECONDS - 1) };
  return { acr_values: STRONGEST, ...maxAge };
}

/** These pages are no application with requirements of its own. */
const NO_REQUIREMENT = { secondFactor: null, passkeys: null };

export function policyHere(instance: Instance): Policy {
  return policyOf(instance, NO_REQUIREMENT);
}

/** Whether the person may change how they sign in: they just proved who they are. */
export async function isProven(
  { person, instance, session }: AccountVisit,
  { factors, clock }: Pick<AccountDependencies, 'factors' | 'clock'>,
): Promise<boolean> {
  const own: Factors = await factors.of(person.id);
  const now = epochSeconds(clock);
  return !needsFreshProof(proofsOf(session), { factors: own, policy: policyHere(instance), now });
}

/** The proof got too old while a form was open. The link leads to the form, and so to a new proof. */
export function proofTooOld(address: string): HttpError {
  return new HttpError({
    status: 403,
    code: 'invalid_request',
    message: 'The person has to prove again who they are. Nothing was changed.',
    page: {
      title: 'Confirm that it is you',
      text: 'You have to prove once more who you are, not longer than five minutes before. Nothing was changed.',
      links: [{ does: 'retry', href: address }],
    },
  });
}
