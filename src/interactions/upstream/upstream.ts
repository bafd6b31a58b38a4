import { randomBytes } from 'node:crypto';
import type { Middleware } from 'koa';
import type { RefusalReason } from '../../authentication/sign-in-result.ts';
import { UpstreamUnavailable } from '../../authentication/upstream/upstream-unavailable.ts';
import { parseParameters, singleValue } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { originOf, requestState } from '../../http/records/request-state.ts';
import type { UpstreamProvider } from '../../instances/instance.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import { type Clock, epochSeconds, secondsFromNow } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import {
  finishInteraction,
  type InteractionContext,
  isForAnother,
  isWhoWasAskedFor,
  NOT_WHO_WAS_ASKED_FOR,
  saysToBeAnother,
} from '../interaction.ts';
import { recordRefusal } from '../record-refusal.ts';
import { signInStepDone } from '../steps/sign-in-step-done.ts';
import { upstreamRefusal } from './upstream-refusal.ts';

const ATTEMPT_TTL_SECONDS = 10 * 60;
const SIGN_IN_UNKNOWN = { reason: 'upstream.sign_in_unknown' } as const;
/** The time of a sign-in of which the provider says no time. So no session is recent enough for a `max_age`. */
const NEVER = 0;

/** Refusals of which the provider's answer gives no code, for the log. */
const IN_WORDS: Record<RefusalReason, string> = {
  wrong_credentials: 'the provider refused the credentials',
  disabled: 'the person is disabled',
  unknown_person: 'nobody here has this issuer and subject, and first sign-ins are refused',
  upstream_refused: 'the person declined there, or the provider refused',
  upstream_not_recent: "the sign-in at the customer's provider is too old for this request",
  upstream_unavailable: "the customer's provider cannot be reached",
  upstream_invalid: "the standards do not allow the answer of the customer's provider",
};

/** Sends the browser to the customer's own provider. */
export async function startUpstream(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, instance } = context;
  const { upstream, upstreamSignIns, clock } = dependencies;
  requestState(ctx.req).instance = instance.id;
  const provider = await providerOf(context, dependencies);
  // The answer arrives at a fixed address. The state names its interaction, and so the cookie.
  const state = `${interaction.uid}.${randomBytes(24).toString('base64url')}`;
  const { url, attempt } = await reach(context, () =>
    upstream.start(provider, {
      state,
      loginHint: saysToBeAnother(context) ? undefined : singleValue(interaction.params.login_hint),
      prompt: promptFor(context),
      maxAge: maxAgeOf(context),
    }),
  );
  const expiresAt = secondsFromNow(clock, ATTEMPT_TTL_SECONDS);
  await upstreamSignIns.save(state, { instanceId: instance.id, ...attempt }, expiresAt);
  redirect(ctx, url.href);
}

/**
 * The address for the answers of an instance's provider. Each instance has its own, so that one provider's answer
 * cannot pass for another's and take its code to the wrong token endpoint (RFC 9700 section 4.4.2).
 */
export function upstreamCallbackPath(instanceId: string): string {
  return `/auth/upstream/callback/${instanceId}`;
}

/** Passes the answer on to its interaction's path, to which the cookie is limited. */
export const forwardUpstreamAnswer: Middleware = (ctx) => {
  requestState(ctx.req).instance = ctx.params.instance;
  const { state } = parseParameters(ctx.querystring);
  const uid = /^([A-Za-z0-9_-]{10,128})\.[A-Za-z0-9_-]+$/.exec(singleValue(state) ?? '')?.[1];
  if (!uid) throw upstreamRefusal('upstream_invalid', { why: SIGN_IN_UNKNOWN });
  redirect(ctx, `/interaction/${uid}/upstream/${ctx.params.instance}?${ctx.querystring}`);
};

/** Checks the answer, once, and signs the person in. */
export async function finishUpstream(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, instance } = context;
  const { upstream, upstreamSignIns, issuer, clock } = dependencies;
  requestState(ctx.req).instance = instance.id;
  const state = singleValue(parseParameters(ctx.querystring).state) ?? '';
  const ours = state.startsWith(`${interaction.uid}.`);
  // Checks the address before anything is redeemed: an answer counts only at the address that its own provider got.
  const expected = ours && ctx.params.instance === instance.id;
  const attempt = expected ? await upstreamSignIns.take(state) : undefined;
  if (!expected || attempt?.instanceId !== instance.id)
    throw upstreamRefusal('upstream_invalid', { retryAt: beginning(context), why: SIGN_IN_UNKNOWN });

  const provider = await providerOf(context, dependencies);
  const result = await reach(context, () =>
    upstream.finish(provider, {
      callbackUrl: new URL(`${issuer}${upstreamCallbackPath(instance.id)}?${ctx.querystring}`),
      attempt: { ...attempt, state },
      authenticatedSince: authenticatedSince(context, clock),
      origin: originOf(ctx.req),
    }),
  );
  const { log } = requestState(ctx.req);
  if (result.outcome === 'signed_in') {
    const { personId, authenticatedAt = NEVER, amr, factors } = result;
    const now = epochSeconds(clock);
    const anew = result.authenticatedAt === undefined && promptFor(context) === 'login';
    Object.assign(log, { signIn: personId, person: personId });
    if (await isWhoWasAskedFor(context, dependencies, personId))
      return signInStepDone(context, dependencies, {
        personId,
        proof: {
          method: 'upstream',
          at: Math.min(authenticatedAt, now),
          ...(anew ? { answeredAt: now } : {}),
          ...(amr ? { amr } : {}),
        },
        factors,
      });
    log.detail = NOT_WHO_WAS_ASKED_FOR;
    requestState(ctx.req).why = { reason: 'upstream.person_other' };
    const detail = { why: NOT_WHO_WAS_ASKED_FOR };
    await recordRefusal(context, dependencies, { event: 'upstream.refused', personId, detail });
    return notWhoWasAskedFor(context, dependencies);
  }
  log.signIn = result.reason;
  requestState(ctx.req).why = result.why;
  if (result.personId) log.person = result.personId;
  log.detail = result.detail ?? IN_WORDS[result.reason];
  await recordRefusal(context, dependencies, {
    event: 'upstream.refused',
    personId: result.personId,
    detail: { why: result.reason },
  });
  if (result.reason === 'upstream_not_recent') return notWhoWasAskedFor(context, dependencies);
  if (result.reason !== 'upstream_refused')
    throw upstreamRefusal(result.reason, { retryAt: beginning(context), why: result.why });
  log.error = 'access_denied';
  await finishInteraction(context, dependencies, {
    error: 'access_denied',
    error_description: 'Signing in was refused or cancelled',
    reason: 'person.refused_upstream',
  });
}

/**
 * OIDC Core 3.1.2.2 and 3.1.2.1: the client asked for a certain person, or for a recent sign-in, and learns that it
 * failed.
 */
function notWhoWasAskedFor(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  requestState(context.ctx.req).log.error = 'login_required';
  return finishInteraction(context, dependencies, {
    error: 'login_required',
    error_description: 'The requested person did not sign in',
    reason: 'person.not_the_one_asked_for',
  });
}

async function providerOf(
  { instance }: InteractionContext,
  { instances }: InteractionDependencies,
): Promise<UpstreamProvider> {
  const provider = await instances.findUpstreamProvider(instance.id);
  if (!provider) throw new Error(`The instance ${instance.id} has no upstream provider.`);
  return provider;
}

/**
 * The prompt for the provider. Somebody who is signed in here signs in again there, because their session does not do for
 * this request, or they want to be somebody else.
 */
function promptFor(context: InteractionContext): 'login' | 'select_account' | undefined {
  if (isAskedFor('login', context)) return 'login';
  if (isForAnother(context)) return 'select_account';
  if (context.interaction.session?.accountId !== undefined) return 'login';
  return isAskedFor('select_account', context) ? 'select_account' : undefined;
}

function isAskedFor(prompt: 'login' | 'select_account', { interaction }: InteractionContext): boolean {
  const prompts = singleValue(interaction.params.prompt)?.split(' ') ?? [];
  return prompts.includes(prompt);
}

/** The earliest time, in epoch seconds, at which the person may have signed in there, if the client asks for one. */
function authenticatedSince(context: InteractionContext, clock: Clock): number | undefined {
  const maxAge = maxAgeOf(context);
  const times = [
    ...(isAskedFor('login', context) ? [context.interaction.iat] : []),
    ...(maxAge === undefined ? [] : [epochSeconds(clock) - maxAge]),
  ];
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** The library has checked that it is a whole number of seconds. */
function maxAgeOf({ interaction }: InteractionContext): number | undefined {
  const { max_age } = interaction.params;
  return max_age === undefined ? undefined : Number(max_age);
}

/** Where the way to the provider begins. Its answer counts only once. */
function beginning({ interaction, client }: InteractionContext): string {
  return interactionAddress(interaction.uid, client.id);
}

async function reach<T>(context: InteractionContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable)) throw error;
    const { cause, why } = error;
    throw upstreamRefusal('upstream_unavailable', { cause, why, retryAt: beginning(context) });
  }
}
