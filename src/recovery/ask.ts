import { recoveryBuckets } from '../authentication/guesses/buckets.ts';
import { singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { refusedByLimit } from '../http/pages/refused-by-limit.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import { addressMistake } from '../mail/address.ts';
import type { RecoveryDependencies } from './dependencies.ts';
import { addressOf, interactionIn, parametersOf, showPage, type Visit, wayBack } from './visit.ts';

/** Asks for the address of somebody who forgot their password. */
export function showAsk(
  visit: Visit,
  dependencies: RecoveryDependencies,
  { email = '', error, status }: { email?: string; error?: string; status?: number } = {},
): void {
  const interaction = interactionIn(visit.given);
  const model = {
    title: 'Forgot your password?',
    email,
    error,
    hidden: parametersOf(interaction),
    back: wayBack(interaction),
  };
  showPage(visit, dependencies, 'recovery/ask', model, status);
}

/** Answers every address alike, and in the same time. */
export async function ask(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const { ctx, instance, browser, given } = visit;
  const email = singleValue(given.email)?.trim() ?? '';
  const mistake = addressMistake(email);
  if (mistake !== undefined) {
    logFacts(ctx.req, { detail: 'the address is missing, or none' });
    return showAsk(visit, dependencies, { email, error: mistake, status: 400 });
  }
  const { people, passwordLinks, guesses, failuresPerMinute } = dependencies;
  const canonicalAddress = await people.canonicalAddress(email);
  const interaction = interactionIn(given);
  const asked = {
    instanceId: instance.id,
    canonicalAddress,
    address: email,
    ...(interaction && { interaction }),
  };
  const refusal = await guesses
    .judge({
      buckets: recoveryBuckets(
        { about: `${instance.id} ${canonicalAddress}`, browser },
        { address: requestLimitKey(ctx.req), most: failuresPerMinute },
      ),
      evaluate: () => passwordLinks.askForReset(asked, browser, originOf(ctx.req)),
      // Each account that is asked about counts.
      isRight: () => false,
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (refusal) return showAsk(visit, dependencies, { email, error: refusal.message, status: refusal.status });
  redirect(ctx, addressOf(instance.id, '/code'));
}
