import { mailedCodeBuckets } from '../authentication/guesses/buckets.ts';
import { singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { refusedByLimit } from '../http/pages/refused-by-limit.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { HttpError } from '../platform/errors.ts';
import type { RecoveryDependencies } from './dependencies.ts';
import { addressOf, parametersOf, showMessage, showPage, type Visit, wayBack } from './visit.ts';

/** Says that a mail is on its way, and takes its code. */
export async function showCode(
  visit: Visit,
  dependencies: RecoveryDependencies,
  { error, status }: { error?: string; status?: number } = {},
): Promise<void> {
  const request = await dependencies.passwordLinks.requestOf(visit.browser);
  if (!request) return showOver(visit, dependencies);
  const { address, interaction } = request;
  const model = {
    title: 'Look at your mail',
    address,
    error,
    again: addressOf(visit.instance.id, '', parametersOf(interaction)),
    back: wayBack(interaction),
  };
  showPage(visit, dependencies, 'recovery/code', model, status);
}

export async function tryCode(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const { ctx, instance, browser, given } = visit;
  const { passwordLinks, guesses, failuresPerMinute } = dependencies;
  const code = singleValue(given.code) ?? '';
  const again = (status: number, error: string) => showCode(visit, dependencies, { status, error });
  if (!/\S/.test(code)) return again(400, 'Enter the code that is in the mail.');
  const isRight = await guesses
    .judge({
      buckets: mailedCodeBuckets({ address: requestLimitKey(ctx.req), most: failuresPerMinute }),
      evaluate: () => passwordLinks.tryCode(code, browser),
      isRight: (result) => result === true,
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (isRight instanceof HttpError) return again(isRight.status, isRight.message);
  if (isRight) return redirect(ctx, addressOf(instance.id, '/password'));
  logFacts(ctx.req, { detail: 'the code of a mail is wrong, or may not be tried any more' });
  if (isRight === false) return again(401, 'That is not the code of the newest mail.');
  return showOver(visit, dependencies);
}

/** The link or code was used, replaced, too old, or tried too often. */
export function showOver(visit: Visit, dependencies: RecoveryDependencies): void {
  logFacts(visit.ctx.req, { detail: 'a link or code is over' });
  showMessage(visit, dependencies, {
    title: 'This is no longer valid',
    text: 'It was used, is older than 30 minutes, was replaced by a newer mail, or was tried too often.',
    askAgain: addressOf(visit.instance.id),
  });
}
