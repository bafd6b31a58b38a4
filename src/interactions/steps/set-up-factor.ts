import type { NewFactor } from '../../authentication/steps.ts';
import { setUpError } from '../../authentication/totp/set-up-error.ts';
import type { TotpPage } from '../../authentication/totp/totp-set-up.ts';
import { singleValue } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { originOf, requestState } from '../../http/records/request-state.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import {
  applicationOf,
  type InteractionContext,
  pageOptions,
  readInteractionForm,
  redirectUri,
} from '../interaction.ts';
import { goOn, keepProof, signInStepDone } from './sign-in-step-done.ts';
import { findSignInUnderWay, type SignInUnderWay, stepDue } from './under-way.ts';

/** Where a passkey is set up instead of an app. */
const PASSKEY_PAGE = '/set-up-factor/passkey';

/** Lets a person set up the factor that this sign-in requires. */
export async function showSetUpFactor(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const found = await findSetUpDue(context, dependencies);
  if (!found) return goOn(context, dependencies);
  const { ctx, interaction, client } = context;
  if (!found.kinds.includes('totp'))
    return redirect(ctx, interactionAddress(interaction.uid, client.id, PASSKEY_PAGE));
  const page = await dependencies.totpSetUp.begin(await setUpPage(context, dependencies, found.signIn));
  render(context, dependencies, { page, kinds: found.kinds });
}

/** The first code of the app. The app counts from now on, and this sign-in has its second factor. */
export async function confirmTotp(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction } = context;
  const form = await readInteractionForm(context, dependencies);
  const found = await findSetUpDue(context, dependencies);
  if (!found?.kinds.includes('totp')) return goOn(context, dependencies);
  const { personId } = found.signIn;
  requestState(ctx.req).log.person = personId;
  const sealed = singleValue(form.secret) ?? '';
  const code = singleValue(form.code) ?? '';
  const answer = { personId, binding: interaction.uid, sealed, code };
  const result = await dependencies.totpSetUp.confirm(answer, originOf(ctx.req));
  if (result.outcome !== 'added') {
    const about = await setUpPage(context, dependencies, found.signIn);
    const same =
      result.outcome === 'wrong_code' ? await dependencies.totpSetUp.again({ ...about, sealed }) : undefined;
    const page = same ?? (await dependencies.totpSetUp.begin(about));
    return render(context, dependencies, { page, kinds: found.kinds, error: setUpError(result) });
  }
  await goOnWithFactor(context, dependencies, { personId, method: 'otp', ...result });
}

/** Goes on with the factor that was set up, which counts as proven. The codes that come with the first one are shown once. */
export async function goOnWithFactor(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  {
    personId,
    method,
    factor,
    recoveryCodes,
  }: {
    personId: string;
    method: 'otp' | 'passkey';
    factor: string;
    recoveryCodes?: readonly string[] | undefined;
  },
): Promise<void> {
  const proof = { personId, proof: { method, at: epochSeconds(dependencies.clock), factor } };
  if (!recoveryCodes) return signInStepDone(context, dependencies, proof);
  if (!(await keepProof(context, dependencies, proof))) return goOn(context, dependencies);
  showRecoveryCodes(context, dependencies, recoveryCodes);
}

/** Shows new recovery codes, this once, before the sign-in goes on. */
function showRecoveryCodes(
  context: InteractionContext,
  { views, csrf }: Pick<InteractionDependencies, 'views' | 'csrf'>,
  codes: readonly string[],
): void {
  const { ctx, interaction } = context;
  ctx.status = 200;
  views.render(
    ctx,
    'interactions/steps/recovery-codes',
    {
      ...applicationOf(context),
      title: 'Keep your recovery codes',
      codes,
      action: `/interaction/${interaction.uid}/go-on`,
      csrf: csrf.token(interaction.uid),
    },
    pageOptions(context),
  );
}

/** The person has read a page between two steps. */
export async function goOnAfterPage(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  await readInteractionForm(context, dependencies);
  await goOn(context, dependencies);
}

export interface SetUpDue {
  signIn: SignInUnderWay;
  kinds: readonly NewFactor[];
}

/** The sign-in, if the person has to set something up. */
export async function findSetUpDue(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<SetUpDue | undefined> {
  const signIn = await findSignInUnderWay(context, dependencies);
  const due = signIn && stepDue(context, signIn);
  return signIn && due?.step === 'set_up_factor' ? { signIn, kinds: due.kinds } : undefined;
}

async function setUpPage(
  { interaction, instance }: InteractionContext,
  { people }: InteractionDependencies,
  { personId }: SignInUnderWay,
) {
  const person = await people.find(personId);
  return {
    personId,
    binding: interaction.uid,
    issuer: instance.name,
    account: person?.email ?? person?.name ?? 'account',
  };
}

function render(
  context: InteractionContext,
  { views, csrf, passkeys }: InteractionDependencies,
  { page, kinds, error }: { page: TotpPage; kinds: readonly NewFactor[]; error?: string },
): void {
  const { ctx, interaction, client } = context;
  ctx.status = error === undefined ? 200 : 400;
  if (error !== undefined) Object.assign(requestState(ctx.req).log, { detail: error });
  views.render(
    ctx,
    'interactions/steps/set-up-factor',
    {
      ...applicationOf(context),
      title: 'Set up a second step',
      totp: page,
      passkeyPage:
        kinds.includes('passkey') && passkeys.usable
          ? interactionAddress(interaction.uid, client.id, PASSKEY_PAGE)
          : undefined,
      action: `/interaction/${interaction.uid}/set-up-factor`,
      signInAsAnother: interactionAddress(interaction.uid, client.id, '/another'),
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      error,
    },
    pageOptions(context),
  );
}
