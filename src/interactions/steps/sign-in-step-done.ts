import type { Factors } from '../../accounts/factor-store.ts';
import { amrOf, identifies, type Proof } from '../../authentication/proof.ts';
import { kindsAsked, type Step } from '../../authentication/steps.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { originOf } from '../../http/records/request-state.ts';
import { policyOf } from '../../instances/sign-in-policy.ts';
import type { SignIn } from '../../oidc/request-context.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import { endSession, type SignedInSession } from '../../oidc/session.ts';
import { epochSeconds, secondsFromNow } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import { finishInteraction, type InteractionContext } from '../interaction.ts';
import {
  findInSession,
  findSignInUnderWay,
  provenInSession,
  type SignInUnderWay,
  stepDue,
} from './under-way.ts';

/** A person has this long for the rest of the steps. */
const PENDING_SECONDS = 10 * 60;

/** A proof that a person has just given on a page. */
export interface NewProof {
  personId: string;
  proof: Proof;
  /** The fingerprint of a password that was right. */
  passwordFingerprint?: string | undefined;
  /** Where the query that found the person has read them. */
  factors?: Factors | undefined;
}

/**
 * Every way to sign in ends here: it keeps what was proven, and leads to the step that is due, or finishes the sign-in.
 */
export async function signInStepDone(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  proof: NewProof,
): Promise<void> {
  const signIn = await withProof(context, dependencies, proof);
  const due = stepDue(context, signIn);
  if (due.step === 'done') return finishSignIn(context, dependencies, signIn);
  const goesOn = await keep(context, dependencies, signIn);
  return leadTo(context, dependencies, goesOn ? due : { step: 'identify' });
}

/** Keeps a proof, so that the person may look at a page before `goOn`. False if they were disabled meanwhile. */
export async function keepProof(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  proof: NewProof,
): Promise<boolean> {
  return keep(context, dependencies, await withProof(context, dependencies, proof));
}

/** Leads to the step that is due, or finishes the sign-in. */
export async function goOn(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const signIn = await findSignInUnderWay(context, dependencies);
  if (!signIn) return leadTo(context, dependencies, { step: 'identify' });
  const due = stepDue(context, signIn);
  return due.step === 'done'
    ? finishSignIn(context, dependencies, signIn)
    : leadTo(context, dependencies, due);
}

/**
 * Begins with the step that is due. Somebody who is signed in proves only what this request needs beyond their session;
 * `identify` is for everybody else.
 */
export async function goOnFromSession(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  identify: (context: InteractionContext, dependencies: InteractionDependencies) => Promise<void>,
): Promise<void> {
  const { session, prompt } = context.interaction;
  const signIn = session?.accountId ? await findInSession(context, dependencies) : undefined;
  const due = signIn && stepDue(context, signIn);
  if (!due || due.step === 'identify') return identify(context, dependencies);
  if (due.step !== 'done') return leadTo(context, dependencies, due);
  // Nothing is missing any more. But whoever is asked by their age proves something.
  return prompt.reasons.includes('max_age')
    ? identify(context, dependencies)
    : finishSignIn(context, dependencies, signIn);
}

/** The sign-in of this interaction with one more proof. */
async function withProof(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { personId, proof, passwordFingerprint = '', factors }: NewProof,
): Promise<SignInUnderWay> {
  const { ctx, interaction } = context;
  const { provider, pendingSignIns, clock } = dependencies;
  const session: SignedInSession = await provider().Session.get(ctx as never);
  // A password, or an answer of the person's own provider, begins a sign-in anew.
  const begins = proof.method === 'pwd' || proof.method === 'upstream';
  const pending = begins ? undefined : await pendingSignIns.find(interaction.uid);
  const own = pending?.personId === personId ? pending : undefined;
  const before =
    own?.proven ?? (session.accountId === personId ? provenInSession(context, session, { clock }) : []);
  return {
    personId,
    proven: [...before.filter(({ method }) => method !== proof.method), proof],
    passwordFingerprint: own?.passwordFingerprint || passwordFingerprint,
    continued: own?.continued ?? (before.some(identifies) && !identifies(proof)),
    factors: own?.factors ?? factors ?? (await dependencies.factors.of(personId)),
    session,
    isPending: own !== undefined,
  };
}

function keep(
  { interaction }: InteractionContext,
  { pendingSignIns, clock }: InteractionDependencies,
  { personId, proven, passwordFingerprint, continued }: SignInUnderWay,
): Promise<boolean> {
  const pending = { personId, proven, passwordFingerprint, continued };
  return pendingSignIns.save(interaction.uid, pending, secondsFromNow(clock, PENDING_SECONDS));
}

/** Leads the browser to the page of a step. */
async function leadTo(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { step }: Exclude<Step, { step: 'done' }>,
): Promise<void> {
  const { ctx, interaction, client } = context;
  const to = (page: string) => redirect(ctx, interactionAddress(interaction.uid, client.id, page));
  switch (step) {
    case 'identify':
      return to('');
    case 'second_factor':
      return to('/second-factor');
    case 'set_up_factor':
      return to('/set-up-factor');
    case 'impossible':
      return finishInteraction(context, dependencies, {
        error: 'unmet_authentication_requirements',
        error_description: 'the acr that the application needs was not reached',
      });
  }
}

/**
 * Signs a person in. If another person was signed in, in this browser and instance, their session and its grants end
 * first. Otherwise the library would make the browser post a page of its own.
 *
 * The time goes with the result, because the library reads that again after the consent page, which may be much later.
 */
async function finishSignIn(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { personId, proven, passwordFingerprint, continued, session, isPending }: SignInUnderWay,
): Promise<void> {
  const { interaction, client, instance } = context;
  // Somebody ended it a moment ago: a second click, or the person was disabled.
  if (isPending && !(await dependencies.pendingSignIns.end(interaction.uid)))
    return leadTo(context, dependencies, { step: 'identify' });
  const isSame = session.accountId === personId;
  if (session.accountId && !isSame) {
    await endSession(session, { origin: originOf(context.ctx.req), cause: 'another_person_signed_in' });
    delete interaction.session;
    await interaction.persist();
  }
  const amr = amrOf(proven);
  const asked = [...((continued && session.factorsAsked) || []), ...kindsAsked(policyOf(instance, client))];
  const signIn: SignIn = {
    passwordFingerprint,
    methods: proven,
    factorsAsked: [...new Set(asked)],
    continued,
  };
  await finishInteraction(context, dependencies, {
    login: {
      ...signIn,
      accountId: personId,
      ...(amr ? { amr } : {}),
      ts: authenticatedAt(proven, epochSeconds(dependencies.clock)),
    },
  });
}

/**
 * When the person signed in: now, however long a page took, unless a part of it was proven before, or at their own
 * provider.
 */
function authenticatedAt(proven: readonly Proof[], now: number): number {
  const before = proven.filter(({ method, before }) => before || method === 'upstream');
  return Math.min(now, ...before.map(({ at }) => at));
}
