import type { Factors } from '../../accounts/factor-store.ts';
import { withAge } from '../../authentication/fresh-proof.ts';
import type { Proof } from '../../authentication/proof.ts';
import { nextStep, type Step, type Wanted } from '../../authentication/steps.ts';
import { singleValue } from '../../http/input/parameters.ts';
import { type Policy, policyOf } from '../../instances/sign-in-policy.ts';
import { wantedFactors } from '../../oidc/checks/requested-acr.ts';
import { proofsOf, type SignedInSession } from '../../oidc/session.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import { type InteractionContext, isForAnother } from '../interaction.ts';

/** A sign-in between two steps, from the pending one or, where somebody only proves more, from the session. */
export interface SignInUnderWay {
  personId: string;
  proven: readonly Proof[];
  passwordFingerprint: string;
  /** Whether the session identified the person. */
  continued: boolean;
  factors: Factors;
  /** The session of the browser, whoever's it is. */
  session: SignedInSession;
  /** Whether it is stored, because something was proven in this interaction. */
  isPending: boolean;
}

/** Finds the sign-in of this interaction; undefined where nothing is proven that counts. */
export async function findSignInUnderWay(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<SignInUnderWay | undefined> {
  const pending = await dependencies.pendingSignIns.find(context.interaction.uid);
  if (!pending) return findInSession(context, dependencies);
  const session = await dependencies.provider().Session.get(context.ctx as never);
  return { ...pending, session, isPending: true };
}

/** Finds the session of somebody who only has to prove more. */
export async function findInSession(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<SignInUnderWay | undefined> {
  const { provider, factors } = dependencies;
  const session: SignedInSession = await provider().Session.get(context.ctx as never);
  const proven = provenInSession(context, session, dependencies);
  if (session.accountId === undefined || proven.length === 0) return undefined;
  return {
    personId: session.accountId,
    proven,
    passwordFingerprint: '',
    continued: true,
    factors: await factors.of(session.accountId),
    session,
    isPending: false,
  };
}

/**
 * The proofs of a session that count for this request: none if the person is to sign in again or is another, and none
 * that is older than the `max_age`.
 */
export function provenInSession(
  context: InteractionContext,
  session: SignedInSession,
  { clock }: { clock: Clock },
): readonly Proof[] {
  const { params, session: begunWith, prompt } = context.interaction;
  if (prompt.name !== 'login' || ['login_prompt', 'account_gone'].some((why) => prompt.reasons.includes(why)))
    return [];
  if (session.accountId === undefined || session.accountId !== begunWith?.accountId) return [];
  if (session.uid !== begunWith.uid || isForAnother(context)) return [];
  const maxAge = singleValue(params.max_age);
  const now = epochSeconds(clock);
  const since = maxAge === undefined ? Number.NEGATIVE_INFINITY : now - Number(maxAge);
  return withAge(proofsOf(session), now)
    .filter(({ at }) => at >= since)
    .map((proof) => ({ ...proof, before: true }));
}

export function stepDue(
  { client, instance, interaction }: InteractionContext,
  { proven, factors }: Pick<SignInUnderWay, 'proven' | 'factors'>,
): Step {
  const policy: Policy = policyOf(instance, client);
  const wanted: Wanted = wantedFactors(interaction.params);
  return nextStep({ proven, factors, policy, wanted });
}
