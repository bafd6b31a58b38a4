import { requestState } from '../http/request-state.ts';
import { finishSignIn, type InteractionContext, pageOptions, readInteractionForm } from './interaction.ts';
import type { InteractionDependencies } from './routes.ts';

const MAX_PASSWORD_LENGTH = 1000;

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
      notice: notice(context),
    },
    pageOptions(context),
  );
}

/** Failures are counted by account and by address apart: neither many guesses at one, nor one guess at many. */
export async function signInWithPassword(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, instance } = context;
  const { passwords, signInFailures } = dependencies;
  const form = await readInteractionForm(context, dependencies);
  const email = text(form.email).trim();
  const password = text(form.password);
  if (
    instance.authentication !== 'password' ||
    email === '' ||
    password === '' ||
    password.length > MAX_PASSWORD_LENGTH
  ) {
    return showSignIn(context, dependencies, {
      email,
      error: 'Enter your email address and your password.',
      status: 400,
    });
  }

  const keys = [`account ${instance.id} ${email.toLowerCase()}`, `address ${requestState(ctx.req).ip}`];
  for (const key of keys) await signInFailures.check(key);
  const result = await passwords.signIn({ instanceId: instance.id, email, password });
  if (result.outcome === 'refused') {
    for (const key of keys) await signInFailures.count(key).catch(() => undefined);
    requestState(ctx.req).log.signIn = 'refused';
    return showSignIn(context, dependencies, {
      email,
      error: 'That email address and password do not match.',
      status: 401,
    });
  }
  await signInFailures.forget(keys[0] ?? '');
  requestState(ctx.req).log.signIn = result.personId;
  await finishSignIn(context, dependencies, { personId: result.personId, amr: [result.method] });
}

function loginHint({ interaction }: InteractionContext): string {
  const hint = interaction.params.login_hint;
  return typeof hint === 'string' && hint.length <= 254 ? hint : '';
}

/** Why somebody who is signed in is asked again. */
function notice({ interaction }: InteractionContext): string | undefined {
  if (!interaction.session?.accountId) return undefined;
  return 'Please sign in again to confirm that it is you.';
}

function text(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
