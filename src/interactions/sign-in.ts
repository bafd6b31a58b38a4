import { createHash } from 'node:crypto';
import type { SignInResult } from '../authentication/authenticator.ts';
import { singleValue } from '../http/input/parameters.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { requestState } from '../http/request-state.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  finishSignIn,
  type InteractionContext,
  isWhoWasAskedFor,
  pageOptions,
  readInteractionForm,
  redirectUri,
} from './interaction.ts';

const MAX_EMAIL_LENGTH = 254;

export async function showSignIn(
  context: InteractionContext,
  { views, csrf }: Pick<InteractionDependencies, 'views' | 'csrf'>,
  {
    email = loginHint(context),
    error,
    status = 200,
  }: { email?: string; error?: string; status?: number } = {},
): Promise<void> {
  const { ctx, interaction, client, instance } = context;
  ctx.status = status;
  views.render(
    ctx,
    'sign-in',
    {
      title: `Sign in to ${instance.name}`,
      clientName: client.name,
      action: `/interaction/${interaction.uid}/sign-in`,
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      email,
      error,
      notice: error === undefined ? notice(context) : undefined,
    },
    pageOptions(context),
  );
}

export async function signInWithPassword(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const form = await readInteractionForm(context, dependencies);
  const email = singleValue(form.email)?.trim() ?? '';
  const password = singleValue(form.password) ?? '';
  const again = (status: number, error: string) =>
    showSignIn(context, dependencies, { email, error, status });
  if (email === '' || password === '') return again(400, 'Enter your email address and your password.');

  const result = await attempt(context, dependencies, { email, password });
  const { log } = requestState(context.ctx.req);
  if (result.outcome === 'refused') {
    log.signIn = 'refused';
    return again(401, 'That email address and password do not match.');
  }
  const { personId, passwordFingerprint } = result;
  log.signIn = personId;
  if (!(await isWhoWasAskedFor(context, dependencies, personId)))
    return again(403, 'The application asked for somebody else to sign in. Please use the other account.');
  await finishSignIn(context, dependencies, { personId, passwordFingerprint, amr: ['pwd'] });
}

/**
 * Attempts are counted in three ways: strictly by account and address; by address, against one guess at many
 * accounts; and by account alone, with a limit so high that nobody's guesses lock the owner out. An attempt counts
 * before the password is checked, so that parallel guesses are no cheaper than serial ones. A success takes its
 * counts back.
 */
async function attempt(
  { ctx, instance }: InteractionContext,
  { passwords, signInFailures, accountFailures }: InteractionDependencies,
  { email, password }: { email: string; password: string },
): Promise<SignInResult> {
  const address = requestLimitKey(ctx.req);
  const account = `${instance.id} ${fingerprint(email.toLowerCase())}`;
  const accountHere = `${account} from ${address}`;
  await signInFailures.count(address);
  await signInFailures.count(accountHere);
  await accountFailures.count(account);
  const result = await passwords.signIn({ instanceId: instance.id, email, password, from: address });
  if (result.outcome === 'signed_in') {
    await signInFailures.giveBack(address);
    await signInFailures.forget(accountHere);
    await accountFailures.giveBack(account);
  }
  return result;
}

function loginHint({ interaction }: InteractionContext): string {
  const hint = singleValue(interaction.params.login_hint) ?? '';
  return hint.length <= MAX_EMAIL_LENGTH ? hint : '';
}

/** Tells a signed-in person why they are asked again. */
function notice({ interaction }: InteractionContext): string | undefined {
  if (!interaction.session?.accountId) return undefined;
  return 'Please sign in again to confirm that it is you.';
}

/** The typed text may be long, and the limits keep it for a minute. */
function fingerprint(email: string): string {
  return createHash('sha256').update(email).digest('base64url');
}
