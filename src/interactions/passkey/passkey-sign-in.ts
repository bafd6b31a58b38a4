import { secondFactorName } from '../../authentication/guesses/buckets.ts';
import type { ChallengeBinding } from '../../authentication/passkey/challenge.ts';
import type { PasskeyResult } from '../../authentication/passkey/passkey-authenticator.ts';
import { PASSKEY_SENTENCES } from '../../authentication/passkey/refusal.ts';
import { type RequestParameters, singleValue } from '../../http/input/parameters.ts';
import { refusedByLimit } from '../../http/pages/refused-by-limit.ts';
import { requestLimitKey } from '../../http/rate-limits/limit-key.ts';
import { originOf, requestState } from '../../http/records/request-state.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import { HttpError } from '../../platform/errors.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import {
  applicationOf,
  type InteractionContext,
  isWhoWasAskedFor,
  NOT_WHO_WAS_ASKED_FOR,
  pageOptions,
  readInteractionForm,
  redirectUri,
} from '../interaction.ts';
import { signInStepDone } from '../steps/sign-in-step-done.ts';
import { signInBinding, signInForm } from './passkey-form.ts';

/** Says what to do where this device has no passkey, or no passkey was used. */
export async function showPasskeySignIn(
  context: InteractionContext,
  dependencies: Pick<InteractionDependencies, 'views' | 'csrf' | 'passkeys'>,
  { error, status = 200 }: { error?: string; status?: number } = {},
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { views, csrf } = dependencies;
  ctx.status = status;
  views.render(
    ctx,
    'interactions/passkey',
    {
      ...applicationOf(context),
      title: 'Sign in with a passkey',
      passkey: signInForm(context, dependencies),
      passwordPage: interactionAddress(interaction.uid, client.id),
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      error,
    },
    { ...pageOptions(context), scripts: true },
  );
}

export async function signInWithPasskey(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction } = context;
  const form = await readInteractionForm(context, dependencies);
  const again = (status: number, error: string) =>
    showPasskeySignIn(context, dependencies, { error, status });
  const result = await judgePasskey(context, dependencies, { binding: signInBinding(interaction), form });
  if (result instanceof HttpError) return again(result.status, result.message);
  if (result.outcome === 'refused')
    return again(result.reason === 'no_answer' ? 400 : 401, PASSKEY_SENTENCES[result.reason]);
  const { personId, factor } = result;
  if (!(await isWhoWasAskedFor(context, dependencies, personId))) {
    requestState(ctx.req).log.detail = NOT_WHO_WAS_ASKED_FOR;
    return again(403, 'The application asked for somebody else to sign in. Please use their passkey.');
  }
  const at = epochSeconds(dependencies.clock);
  await signInStepDone(context, dependencies, { personId, proof: { method: 'passkey', at, factor } });
}

/** Judges the passkey of a form, and makes a browser in which it was right known to its owner. */
export async function judgePasskey(
  { ctx, instance }: InteractionContext,
  { passkeys, knownBrowsers }: Pick<InteractionDependencies, 'passkeys' | 'knownBrowsers'>,
  { binding, form }: { binding: ChallengeBinding; form: RequestParameters },
): Promise<PasskeyResult | HttpError> {
  const result = await passkeys.authenticator
    .signIn({
      instanceId: instance.id,
      binding,
      answer: singleValue(form.answer) ?? '',
      address: requestLimitKey(ctx.req),
      browserOf: (personId) => knownBrowsers.find(ctx, instance.id, secondFactorName(personId)),
      origin: originOf(ctx.req),
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (result instanceof HttpError) return result;
  const { log } = requestState(ctx.req);
  if (result.personId) log.person = result.personId;
  if (result.outcome === 'refused') {
    Object.assign(log, { signIn: 'refused', detail: result.detail });
    return result;
  }
  log.signIn = result.personId;
  knownBrowsers.remember(ctx, instance.id, secondFactorName(result.personId));
  return result;
}
