import { singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import type { PasswordLink } from '../mail/links/password-links.ts';
import { showOver } from './code.ts';
import type { RecoveryDependencies } from './dependencies.ts';
import { addressOf, parametersOf, showMessage, showPage, type Visit, wayBack } from './visit.ts';

type Kind = PasswordLink['kind'];

const PATHS: Record<Kind, string> = { reset: '/password', invitation: '/invitation' };

/** Shows the form for a new password, to whoever holds a link. Looking uses nothing: programs that scan mail look, too. */
export async function showPassword(
  visit: Visit,
  dependencies: RecoveryDependencies,
  kind: Kind,
  { error, status }: { error?: string; status?: number } = {},
): Promise<void> {
  const link = await usableLink(visit, dependencies, kind);
  if (!link) return;
  const isFirst = kind === 'invitation';
  const model = {
    title: isFirst ? 'Choose a password' : 'Set a new password',
    isFirst,
    action: addressOf(visit.instance.id, PATHS[kind]),
    token: singleValue(visit.given.link),
    email: link.person.email,
    error,
  };
  showPage(visit, dependencies, 'recovery/password', model, status, { scripts: true });
}

/** Sets the password. It signs nobody in: the person goes on where they began, with everything that is asked there. */
export async function setPassword(
  visit: Visit,
  dependencies: RecoveryDependencies,
  kind: Kind,
): Promise<void> {
  const { ctx, instance, browser, given } = visit;
  const link = await usableLink(visit, dependencies, kind);
  if (!link) return;
  const password = singleValue(given.password) ?? '';
  const again = (error: string) => showPassword(visit, dependencies, kind, { error, status: 400 });
  const { newPasswords, people, passwordLinks } = dependencies;
  const person = await people.find(link.person.id);
  const judged = await newPasswords.accept(password, {
    again: singleValue(given.again) ?? '',
    about: [link.person.email, person?.name, person?.firstName, person?.lastName, instance.name],
    lane: requestLimitKey(ctx.req),
  });
  if ('mistake' in judged) return again(judged.mistake);
  const request = await passwordLinks.requestOf(browser);
  if (!(await passwordLinks.setPassword(link, judged.passwordHash, originOf(ctx.req))))
    return showOver(visit, dependencies);
  logFacts(ctx.req, { person: link.person.id });
  redirect(
    ctx,
    addressOf(instance.id, '/done', parametersOf(kind === 'reset' ? request?.interaction : undefined)),
  );
}

/** Sends a new link in place of an invitation's, which is too old. */
export async function inviteAgain(visit: Visit, dependencies: RecoveryDependencies): Promise<void> {
  const { ctx, browser, given } = visit;
  const { passwordLinks } = dependencies;
  const link = await passwordLinks.find(singleValue(given.link), browser);
  const isSent = link?.kind === 'invitation' && (await passwordLinks.inviteAgain(link, originOf(ctx.req)));
  if (!isSent) return showNoInvitation(visit, dependencies);
  showMessage(visit, dependencies, {
    title: 'A new mail is on its way',
    text: 'Open the link in it within 30 minutes. The one that you used does not work any more.',
    isDone: true,
    status: 200,
  });
}

export function showDone(
  visit: Visit,
  dependencies: RecoveryDependencies,
  interaction: Parameters<typeof wayBack>[0],
): void {
  const back = wayBack(interaction);
  showMessage(visit, dependencies, {
    title: 'Your password is set',
    text: back ? 'You can sign in with it now.' : 'Go back to the application, and sign in there with it.',
    isDone: true,
    status: 200,
    signIn: back,
  });
}

/** The link that this browser may use; otherwise shows why there is none. */
async function usableLink(
  visit: Visit,
  dependencies: RecoveryDependencies,
  kind: Kind,
): Promise<PasswordLink | undefined> {
  const token = singleValue(visit.given.link);
  const found = await dependencies.passwordLinks.find(token, visit.browser);
  const link = found?.person.instanceId === visit.instance.id ? found : undefined;
  if (kind === 'invitation') {
    if (link?.kind !== 'invitation') showNoInvitation(visit, dependencies);
    else if (link.isExpired) showOldInvitation(visit, dependencies, String(token));
    else return link;
    return undefined;
  }
  if (link?.kind !== 'reset' || link.isExpired) showOver(visit, dependencies);
  else if (!link.isOwn) showElsewhere(visit, dependencies);
  else return link;
  return undefined;
}

function showElsewhere(visit: Visit, dependencies: RecoveryDependencies): void {
  logFacts(visit.ctx.req, { detail: 'the link was opened in a browser that did not ask for it' });
  showMessage(visit, dependencies, {
    title: 'Go on where you asked',
    text: 'This link works only in the browser in which you asked for it. Open it there, or type the code of the mail on the page that waits there. If you did not ask for a new password, close this page: nothing changes.',
    status: 403,
    askAgain: addressOf(visit.instance.id),
  });
}

function showOldInvitation(visit: Visit, dependencies: RecoveryDependencies, token: string): void {
  const action = addressOf(visit.instance.id, '/invitation/again');
  showPage(visit, dependencies, 'recovery/invitation', { title: 'This link is too old', action, token }, 400);
}

function showNoInvitation(visit: Visit, dependencies: RecoveryDependencies): void {
  logFacts(visit.ctx.req, { detail: 'the link of an invitation is over' });
  showMessage(visit, dependencies, {
    title: 'This link is no longer valid',
    text: 'It was used already, a newer mail replaced it, or the invitation is over. If you have no password yet, ask whoever invited you for a new mail.',
  });
}
