import { type SecondFactorGuesser, secondFactorName } from '../../authentication/guesses/buckets.ts';
import type { SecondFactor } from '../../authentication/steps.ts';
import type { CodeAuthenticator, CodeResult } from '../../authentication/totp/code-authenticator.ts';
import { minutes } from '../../authentication/totp/set-up-error.ts';
import { singleValue } from '../../http/input/parameters.ts';
import { refusedByLimit } from '../../http/pages/refused-by-limit.ts';
import { originOf, requestState } from '../../http/records/request-state.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import { HttpError } from '../../platform/errors.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import {
  applicationOf,
  type InteractionContext,
  pageOptions,
  readInteractionForm,
  redirectUri,
  shownPerson,
} from '../interaction.ts';
import { secondFactorForm } from '../passkey/passkey-form.ts';
import { recordRefusal } from '../record-refusal.ts';
import { goOn, signInStepDone } from './sign-in-step-done.ts';
import { findSignInUnderWay, type SignInUnderWay, stepDue } from './under-way.ts';

interface Refusal {
  error: string;
  status: number;
}

/** Asks for a second factor: by the way that the address names, or else by the first that the person has. */
export async function showSecondFactor(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const found = await findSecondFactorDue(context, dependencies);
  if (!found) return goOn(context, dependencies);
  const wanted = singleValue(context.ctx.query.by);
  const way = found.by.find((one) => one === wanted) ?? found.by[0];
  if (way) await showWay(context, dependencies, { ...found, way });
}

/** Judges the code of an authenticator app. */
export async function proveByTotp(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  await proveByCode(context, dependencies, 'otp');
}

/** Judges a recovery code. */
export async function proveByRecoveryCode(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  await proveByCode(context, dependencies, 'recovery');
}

async function proveByCode(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  way: 'otp' | 'recovery',
): Promise<void> {
  const { ctx, instance } = context;
  const form = await readInteractionForm(context, dependencies);
  const found = await findSecondFactorDue(context, dependencies);
  // Another step is due, or this way does not do here.
  if (!found?.by.includes(way)) return goOn(context, dependencies);
  const { personId } = found.signIn;
  const { log } = requestState(ctx.req);
  log.person = personId;
  const again = (refusal: Refusal) => {
    Object.assign(log, { signIn: 'refused', detail: refusal.error });
    return showWay(context, dependencies, { ...found, way, refusal });
  };
  const code = singleValue(form.code) ?? '';
  if (code.trim() === '') return again({ status: 400, error: 'Enter the code.' });

  const name = secondFactorName(personId);
  const guesser: SecondFactorGuesser = {
    personId,
    browser: dependencies.knownBrowsers.find(ctx, instance.id, name),
  };
  const result = await judge(context, dependencies, { way, code, guesser });
  if (result instanceof HttpError) return again({ status: result.status, error: result.message });
  if (result.outcome === 'refused') {
    const detail = { why: `second factor (${way}): ${result.reason}` };
    await recordRefusal(context, dependencies, { event: 'sign_in.refused', personId, detail });
    return again({ status: 401, error: sentenceOf(result, way) });
  }
  log.signIn = personId;
  dependencies.knownBrowsers.remember(ctx, instance.id, name);
  const { factor } = result;
  const proof = { method: way, at: epochSeconds(dependencies.clock), ...(factor ? { factor } : {}) };
  await signInStepDone(context, dependencies, { personId, proof });
}

async function judge(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { way, code, guesser }: { way: 'otp' | 'recovery'; code: string; guesser: SecondFactorGuesser },
): Promise<CodeResult | HttpError> {
  const { ctx } = context;
  const { codes } = dependencies;
  const attempt: Parameters<CodeAuthenticator['totp']>[0] = {
    code,
    guesser,
    onFull: (bucket) =>
      recordRefusal(context, dependencies, {
        event: 'sign_in.locked',
        personId: guesser.personId,
        detail: { of: bucket?.of, factor: way },
      }),
  };
  try {
    return way === 'otp'
      ? await codes.totp(attempt)
      : await codes.recoveryCode({ ...attempt, origin: originOf(ctx.req) });
  } catch (error) {
    return refusedByLimit(ctx, error);
  }
}

export interface SecondFactorDue {
  signIn: SignInUnderWay;
  by: readonly SecondFactor[];
}

/** The sign-in, if it waits for a second factor. */
export async function findSecondFactorDue(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<SecondFactorDue | undefined> {
  const signIn = await findSignInUnderWay(context, dependencies);
  const due = signIn && stepDue(context, signIn);
  return signIn && due?.step === 'second_factor' ? { signIn, by: due.by } : undefined;
}

const TITLES: Record<SecondFactor, string> = {
  otp: 'Enter the code from your app',
  passkey: 'Confirm with your passkey',
  recovery: 'Use a recovery code',
};

const OTHER_WAYS: Record<SecondFactor, string> = {
  otp: 'Use the code from your authenticator app',
  passkey: 'Use a passkey',
  recovery: 'Use a recovery code',
};

export async function showWay(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { signIn, by, way, refusal }: SecondFactorDue & { way: SecondFactor; refusal?: Refusal },
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { views, csrf, people } = dependencies;
  ctx.status = refusal?.status ?? 200;
  const passkey =
    way === 'passkey' ? await secondFactorForm(context, signIn.personId, dependencies) : undefined;
  const { personName = 'You', personEmail } = shownPerson(await people.find(signIn.personId));
  const address = interactionAddress(interaction.uid, client.id, '/second-factor');
  views.render(
    ctx,
    'interactions/steps/second-factor',
    {
      ...applicationOf(context),
      personName,
      personEmail,
      isSigningIn: true,
      title: TITLES[way],
      way,
      passkey,
      action: `/interaction/${interaction.uid}/${way === 'recovery' ? 'recovery-code' : 'second-factor'}`,
      others: by
        .filter((other) => other !== way)
        .map((other) => ({ way: other, href: `${address}&by=${other}`, text: OTHER_WAYS[other] })),
      signInAsAnother: interactionAddress(interaction.uid, client.id, '/another'),
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      error: refusal?.error,
    },
    { ...pageOptions(context), scripts: passkey !== undefined },
  );
}

type Refused = Extract<CodeResult, { outcome: 'refused' }>;

function sentenceOf(result: Refused, way: 'otp' | 'recovery'): string {
  if (way === 'recovery')
    return 'That is none of your recovery codes, or it was used before. Each of them works once.';
  switch (result.reason) {
    case 'used':
      return 'That code was used before. Wait until your app shows the next one.';
    case 'other_time':
      return `That code was right ${minutes(result.secondsAgo)} ago. The clock of your device is probably wrong: let it set the time by itself, and enter a new code.`;
    default:
      return 'That code is wrong. Enter the one that your app shows now. If it still does not work, look at the clock of your device: codes are right only while it shows the right time.';
  }
}
