import type { Person } from '../accounts/person.ts';
import { accountName } from '../authentication/guesses/buckets.ts';
import { singleValue } from '../http/input/parameters.ts';
import { refusedByLimit } from '../http/pages/refused-by-limit.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { requestState } from '../http/records/request-state.ts';
import { interactionAddress } from '../oidc/routes.ts';
import { HttpError } from '../platform/errors.ts';
import { epochSeconds } from '../platform/time/clock.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  applicationOf,
  type InteractionContext,
  isForAnother,
  isNamesake,
  isWhoWasAskedFor,
  NOT_WHO_WAS_ASKED_FOR,
  pageOptions,
  readInteractionForm,
  redirectUri,
  saysToBeAnother,
  signedInPerson,
} from './interaction.ts';
import { signInForm, takesPasskeys } from './passkey/passkey-form.ts';
import { recordRefusal } from './record-refusal.ts';
import { signInStepDone } from './steps/sign-in-step-done.ts';

const MAX_EMAIL_LENGTH = 254;

export async function showSignIn(
  context: InteractionContext,
  dependencies: Pick<InteractionDependencies, 'views' | 'csrf' | 'people' | 'passkeys' | 'sendsMail'>,
  { email, error, status = 200 }: { email?: string; error?: string; status?: number } = {},
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { views, csrf, people, sendsMail } = dependencies;
  const offersPasskeys = takesPasskeys(context, dependencies);
  const person = await signedInPerson(context, { people });
  const expected = expectedAddress(context, person);
  ctx.status = status;
  views.render(
    ctx,
    'interactions/sign-in',
    {
      ...applicationOf(context),
      title: titleOf(context),
      action: `/interaction/${interaction.uid}/sign-in`,
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      // The page on which they said that they are somebody else.
      back: interaction.prompt.name === 'login' ? undefined : interactionAddress(interaction.uid, client.id),
      forgot: sendsMail ? forgottenAddress(context) : undefined,
      csrf: csrf.token(interaction.uid),
      passkey: offersPasskeys && {
        ...signInForm(context, dependencies),
        page: interactionAddress(interaction.uid, client.id, '/passkey'),
      },
      email: email ?? expected,
      error,
      personName: person?.name ?? person?.email,
      isAgain: person !== undefined && (await isAddressOf(person, expected, people)),
    },
    { ...pageOptions(context), scripts: true },
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
    .signIn({
      ...{ instanceId: instance.id, email, password, account, guesser },
      onFull: (bucket) =>
        recordRefusal(context, dependencies, {
          event: 'sign_in.locked',
          account,
          detail: { of: bucket?.of },
        }),
    })
    .catch((error: unknown) => refusedByLimit(ctx, error));
  if (result instanceof HttpError) return again(result.status, result.message);
  const { log } = requestState(ctx.req);
  if (result.personId) log.person = result.personId;
  if (result.outcome === 'refused') {
    Object.assign(log, { signIn: 'refused', detail: result.detail });
    const { personId, detail: why } = result;
    await recordRefusal(context, dependencies, {
      event: 'sign_in.refused',
      personId,
      account,
      detail: { why },
    });
    return again(401, 'That email address and password do not match.');
  }
  const { personId, passwordFingerprint, factors } = result;
  log.signIn = personId;
  knownBrowsers.remember(ctx, instance.id, account);
  if (!(await isWhoWasAskedFor(context, dependencies, personId))) {
    log.detail = NOT_WHO_WAS_ASKED_FOR;
    const detail = { why: NOT_WHO_WAS_ASKED_FOR };
    await recordRefusal(context, dependencies, { event: 'sign_in.refused', personId, account, detail });
    return again(403, 'The application asked for somebody else to sign in. Please use the other account.');
  }
  const proof = { method: 'pwd' as const, at: epochSeconds(dependencies.clock) };
  await signInStepDone(context, dependencies, { personId, proof, passwordFingerprint, factors });
}

/** The page for somebody who forgot the password (the edge `recovery/`), which leads back here. */
function forgottenAddress({ interaction, client, instance }: InteractionContext): string {
  const wayBack = new URLSearchParams({ interaction: interaction.uid, client_id: client.id });
  return `/recovery/${instance.id}?${wayBack}`;
}

/** The head of the page has the instance's name already. */
function titleOf({ client, instance }: InteractionContext): string {
  return isNamesake(client, instance) ? 'Sign in' : `Sign in to ${client.name}`;
}

/** The address of the person who is expected: the application says so, or they are signed in and asked again. */
function expectedAddress(context: InteractionContext, person: Person | undefined): string {
  if (saysToBeAnother(context)) return '';
  const hint = singleValue(context.interaction.params.login_hint) ?? '';
  if (hint !== '' && hint.length <= MAX_EMAIL_LENGTH) return hint;
  return isForAnother(context) ? '' : (person?.email ?? '');
}

async function isAddressOf(
  { id, email }: Person,
  address: string,
  people: InteractionDependencies['people'],
): Promise<boolean> {
  return address !== '' && (address === email || (await people.hasAddress(id, address)));
}
