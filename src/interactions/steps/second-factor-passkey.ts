import { PASSKEY_SENTENCES } from '../../authentication/passkey/refusal.ts';
import { HttpError } from '../../platform/errors.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import { type InteractionContext, readInteractionForm } from '../interaction.ts';
import { secondFactorBinding } from '../passkey/passkey-form.ts';
import { judgePasskey } from '../passkey/passkey-sign-in.ts';
import { findSecondFactorDue, showWay } from './second-factor.ts';
import { goOn, signInStepDone } from './sign-in-step-done.ts';

/** Judges a passkey of the person who has begun to sign in. */
export async function proveByPasskey(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { interaction } = context;
  const form = await readInteractionForm(context, dependencies);
  const found = await findSecondFactorDue(context, dependencies);
  if (!found?.by.includes('passkey')) return goOn(context, dependencies);
  const { personId } = found.signIn;
  const again = (status: number, error: string) =>
    showWay(context, dependencies, { ...found, way: 'passkey', refusal: { status, error } });
  const binding = secondFactorBinding(interaction, personId);
  const result = await judgePasskey(context, dependencies, { binding, form });
  if (result instanceof HttpError) return again(result.status, result.message);
  if (result.outcome === 'refused')
    return again(result.reason === 'no_answer' ? 400 : 401, PASSKEY_SENTENCES[result.reason]);
  const at = epochSeconds(dependencies.clock);
  const { factor } = result;
  await signInStepDone(context, dependencies, { personId, proof: { method: 'passkey', at, factor } });
}
