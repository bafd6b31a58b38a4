import { PASSKEY_SENTENCES } from '../../authentication/passkey/refusal.ts';
import { singleValue } from '../../http/input/parameters.ts';
import { requestLimitKey } from '../../http/rate-limits/limit-key.ts';
import { originOf } from '../../http/records/request-state.ts';
import { HttpError } from '../../platform/errors.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import { type InteractionContext, readInteractionForm } from '../interaction.ts';
import { secondFactorBinding } from '../passkey/passkey-form.ts';
import { notePasskey } from '../passkey/passkey-sign-in.ts';
import { refusedByLimit } from '../refused-by-limit.ts';
import { findSecondFactorDue, showWay } from './second-factor.ts';
import { goOn, signInStepDone } from './sign-in-step-done.ts';

/** Judges a passkey of the person who has begun to sign in. */
export async function proveByPasskey(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, instance } = context;
  const form = await readInteractionForm(context, dependencies);
  const found = await findSecondFactorDue(context, dependencies);
  if (!found?.by.includes('passkey')) return goOn(context, dependencies);
  const { personId } = found.signIn;
  const again = (status: number, error: string) =>
    showWay(context, dependencies, { ...found, way: 'passkey', refusal: { status, error } });
  const result = await dependencies.passkeys.authenticator
    .signIn({
      instanceId: instance.id,
      binding: secondFactorBinding(interaction, personId),
      answer: singleValue(form.answer) ?? '',
      address: requestLimitKey(ctx.req),
      origin: originOf(ctx.req),
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (result instanceof HttpError) return again(result.status, result.message);
  notePasskey(context, result);
  if (result.outcome === 'refused')
    return again(result.reason === 'no_answer' ? 400 : 401, PASSKEY_SENTENCES[result.reason]);
  const at = epochSeconds(dependencies.clock);
  const { factor } = result;
  await signInStepDone(context, dependencies, { personId, proof: { method: 'passkey', at, factor } });
}
