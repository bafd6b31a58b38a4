import { accountName } from '../authentication/guesses/buckets.ts';
import { singleValue } from '../http/input/parameters.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { requestState } from '../http/records/request-state.ts';
import { HttpError } from '../platform/errors.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  finishSignIn,
  type InteractionContext,
  isWhoWasAskedFor,
  NOT_WHO_WAS_ASKED_FOR,
  pageOptions,
  readInteractionForm,
  redirectUri,
} from './interaction.ts';
import { refusedByLimit } from './refused-by-limit.ts';

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
      clientId: client.id,
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
  const { ctx, instance } = context;
  if (email === '' || password === '') {
    requestState(ctx.req).log.detail = 'the address or the password is missing';
    return again(400, 'Enter your email address and your password.');
  }
  const { people, passwords, knownBrowsers } = dependencies;
  const account = accountName(instance.id, await people.canonicalAddress(email));
  const guesser = {
    address: requestLimitKey(ctx.req),
    browser: knownBrowsers.find(ctx, instance.id, account),
  };
  const result = await passwords
    .signIn({ instanceId: instance.id, email, password, account, guesser })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (result instanceof HttpError) return again(result.status, result.message);
  const { log } = requestState(ctx.req);
  if (result.personId) log.person = result.personId;
  if (result.outcome === 'refused') {
    Object.assign(log, { signIn: 'refused', detail: result.detail });
    return again(401, 'That email address and password do not match.');
  }
  const { personId, passwordFingerprint } = result;
  log.signIn = personId;
  knownBrowsers.remember(ctx, instance.id, account);
  if (!(await isWhoWasAskedFor(context, dependencies, personId))) {
    log.detail = NOT_WHO_WAS_ASKED_FOR;
    return again(403, 'The application asked for somebody else to sign in. Please use the other account.');
  }
  await finishSignIn(context, dependencies, { personId, passwordFingerprint, amr: ['pwd'] });
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
