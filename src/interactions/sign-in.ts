import { createHash } from 'node:crypto';
import { requestState } from '../http/request-state.ts';
import {
  finishSignIn,
  type InteractionContext,
  isWhoWasAskedFor,
  pageOptions,
  readInteractionForm,
} from './interaction.ts';
import type { InteractionDependencies } from './routes.ts';

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
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      email,
      error,
      notice: error === undefined ? notice(context) : undefined,
    },
    pageOptions(context),
  );
}

/**
 * Failures are counted by account and by address apart: neither many guesses at one, nor one guess at many. An
 * attempt at an account counts before it is looked at, so that guesses sent at once are no more than one by one.
 */
export async function signInWithPassword(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, instance } = context;
  const { passwords, signInFailures } = dependencies;
  const form = await readInteractionForm(context, dependencies);
  const email = text(form.email).trim();
  const password = text(form.password);
  if (email === '' || password === '') {
    return showSignIn(context, dependencies, {
      email,
      error: 'Enter your email address and your password.',
      status: 400,
    });
  }

  const account = `account ${instance.id} ${fingerprint(email.toLowerCase())}`;
  const address = `address ${requestState(ctx.req).ip}`;
  await signInFailures.check(address);
  await signInFailures.count(account);
  const result = await passwords.signIn({ instanceId: instance.id, email, password });
  if (result.outcome === 'refused') {
    await signInFailures.count(address).catch(() => undefined);
    requestState(ctx.req).log.signIn = 'refused';
    return showSignIn(context, dependencies, {
      email,
      error: 'That email address and password do not match.',
      status: 401,
    });
  }
  await signInFailures.forget(account);
  if (!(await isWhoWasAskedFor(context, dependencies, result.personId))) {
    return showSignIn(context, dependencies, {
      email,
      error: 'The application asked for somebody else to sign in. Please use the other account.',
      status: 403,
    });
  }
  requestState(ctx.req).log.signIn = result.personId;
  await finishSignIn(context, dependencies, { personId: result.personId, amr: ['pwd'] });
}

function loginHint({ interaction }: InteractionContext): string {
  const hint = interaction.params.login_hint;
  return typeof hint === 'string' && hint.length <= MAX_EMAIL_LENGTH ? hint : '';
}

/** Why somebody who is signed in is asked again. */
function notice({ interaction }: InteractionContext): string | undefined {
  if (!interaction.session?.accountId) return undefined;
  return 'Please sign in again to confirm that it is you.';
}

/** What is typed may be long, and is kept for a minute. */
function fingerprint(email: string): string {
  return createHash('sha256').update(email).digest('base64url');
}

function text(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
