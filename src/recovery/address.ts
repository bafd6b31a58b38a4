import { mailedCodeBuckets } from '../authentication/guesses/buckets.ts';
import { singleValue } from '../http/input/parameters.ts';
import { refusedByLimit } from '../http/pages/refused-by-limit.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import type { AddressLink, Confirmed } from '../mail/links/address-changes.ts';
import { HttpError } from '../platform/errors.ts';
import type { RecoveryDependencies } from './dependencies.ts';
import { accountOf, addressOf, showMessage, showPage, type Visit } from './visit.ts';

/** A link shows its buttons. Without one, the page waits for the codes of both mails. */
export async function showAddress(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const token = singleValue(visit.given.link);
  if (token === undefined) return showWaiting(visit, dependencies);
  const link = await usableLink(visit, dependencies, token);
  if (!link) return;
  const { side, address, person, isOwn } = link;
  const model = {
    title: 'Another email address',
    action: addressOf(visit.instance.id, '/address'),
    token,
    address,
    former: person.email,
    // The address from before stops it anywhere, and confirms it only where the person asked.
    mayConfirm: isOwn,
    mayStop: side === 'old',
  };
  showPage(visit, dependencies, 'recovery/address', model);
}

export async function decideAddress(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const { ctx, given } = visit;
  const token = singleValue(given.link);
  if (token === undefined) return tryCode(visit, dependencies);
  const link = await usableLink(visit, dependencies, token);
  if (!link) return;
  logFacts(ctx.req, { person: link.person.id });
  if (given.decision === 'stop' && link.side === 'old') {
    if (!(await dependencies.addressChanges.stop(link, originOf(ctx.req))))
      return showOver(visit, dependencies);
    return showMessage(visit, dependencies, {
      title: 'The change is stopped',
      text: 'The address stays as it is. If you did not ask for another one, somebody may know your password: set a new one now.',
      account: accountOf(visit),
      isDone: true,
      status: 200,
    });
  }
  if (!link.isOwn) return showElsewhere(visit, dependencies);
  await showConfirmed(
    visit,
    dependencies,
    await dependencies.addressChanges.confirm(link, originOf(ctx.req)),
  );
}

async function tryCode(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const { ctx, browser, given } = visit;
  const { addressChanges, guesses, failuresPerMinute } = dependencies;
  const code = singleValue(given.code) ?? '';
  const again = (status: number, error: string) => showWaiting(visit, dependencies, { status, error });
  if (!/\S/.test(code)) return again(400, 'Enter the code that is in one of the mails.');
  const confirmed = await guesses
    .judge({
      buckets: mailedCodeBuckets({ address: requestLimitKey(ctx.req), most: failuresPerMinute }),
      evaluate: () => addressChanges.tryCode(code, browser, originOf(ctx.req)),
      isRight: (result) => result !== undefined && result !== 'wrong',
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (confirmed instanceof HttpError) return again(confirmed.status, confirmed.message);
  if (confirmed === 'wrong') return again(401, 'That is the code of neither mail.');
  await showConfirmed(visit, dependencies, confirmed ?? 'over');
}

async function showWaiting(
  visit: Visit,
  dependencies: RecoveryDependencies,
  { error, status }: { error?: string; status?: number } = {},
): Promise<void> {
  const change = await dependencies.addressChanges.waiting(visit.browser);
  if (!change) return showOver(visit, dependencies);
  const model = {
    title: 'Look at both mails',
    ...change,
    action: addressOf(visit.instance.id, '/address'),
    account: accountOf(visit),
    error,
  };
  showPage(visit, dependencies, 'recovery/address-code', model, status);
}

async function showConfirmed(
  visit: Visit,
  dependencies: RecoveryDependencies,
  confirmed: Confirmed,
): Promise<void> {
  switch (confirmed) {
    case 'waits':
      return showWaiting(visit, dependencies);
    case 'changed':
      return showMessage(visit, dependencies, {
        title: 'Your address is changed',
        text: 'You sign in with the new one from now on.',
        account: accountOf(visit),
        isDone: true,
        status: 200,
      });
    case 'taken':
      logFacts(visit.ctx.req, { detail: 'another person has the new address' });
      return showMessage(visit, dependencies, {
        title: 'The address was not changed',
        text: 'Another account has the new address. Sign in to that one, or choose another address.',
        account: accountOf(visit),
      });
    case 'over':
      return showOver(visit, dependencies);
  }
}

async function usableLink(
  visit: Visit,
  dependencies: RecoveryDependencies,
  token: string,
): Promise<AddressLink | undefined> {
  const link = await dependencies.addressChanges.find(token, visit.browser);
  if (!link || link.isExpired || link.person.instanceId !== visit.instance.id) {
    showOver(visit, dependencies);
    return undefined;
  }
  if (link.isOwn || link.side === 'old') return link;
  showElsewhere(visit, dependencies);
  return undefined;
}

function showElsewhere(visit: Visit, dependencies: RecoveryDependencies): void {
  logFacts(visit.ctx.req, { detail: 'the link was opened in a browser that did not ask for it' });
  showMessage(visit, dependencies, {
    title: 'Go on where you asked',
    text: 'This link works only in the browser in which you asked for it. Open it there, or type the code of the mail on the page that waits there.',
    status: 403,
  });
}

function showOver(visit: Visit, dependencies: RecoveryDependencies): void {
  logFacts(visit.ctx.req, { detail: 'the change of an address is over' });
  showMessage(visit, dependencies, {
    title: 'This is no longer valid',
    text: 'It was used, is older than 30 minutes, was replaced or stopped, or was tried too often. If you still want another address, ask for it again in your account.',
  });
}
