import { PASSKEY_SENTENCES } from '../../authentication/passkey/refusal.ts';
import { singleValue } from '../../http/input/parameters.ts';
import { originOf, requestState } from '../../http/records/request-state.ts';
import { interactionAddress } from '../../oidc/routes.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import {
  applicationOf,
  type InteractionContext,
  pageOptions,
  readInteractionForm,
  redirectUri,
} from '../interaction.ts';
import { newPasskeyForm } from '../passkey/passkey-form.ts';
import { findSetUpDue, goOnWithFactor, type SetUpDue } from './set-up-factor.ts';
import { goOn } from './sign-in-step-done.ts';

/** Lets a person add the passkey that this sign-in requires. */
export async function showSetUpPasskey(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const found = await findSetUpDue(context, dependencies);
  if (!found?.kinds.includes('passkey')) return goOn(context, dependencies);
  await render(context, dependencies, found);
}

/** Adds the passkey. The device has just verified its user, so this sign-in has its second factor. */
export async function addPasskey(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction } = context;
  const form = await readInteractionForm(context, dependencies);
  const found = await findSetUpDue(context, dependencies);
  if (!found?.kinds.includes('passkey')) return goOn(context, dependencies);
  const { personId } = found.signIn;
  const { log } = requestState(ctx.req);
  log.person = personId;
  const result = await dependencies.passkeys.registrar.add({
    personId,
    uid: interaction.uid,
    answer: singleValue(form.answer) ?? '',
    userAgent: ctx.req.headers['user-agent'],
    origin: originOf(ctx.req),
  });
  if (result.outcome === 'refused') {
    log.detail = result.detail;
    return render(context, dependencies, { ...found, error: PASSKEY_SENTENCES[result.reason] });
  }
  await goOnWithFactor(context, dependencies, { personId, method: 'passkey', ...result });
}

async function render(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  { signIn, kinds, error }: SetUpDue & { error?: string },
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { views, csrf, people } = dependencies;
  const person = await people.find(signIn.personId);
  if (!person) return goOn(context, dependencies);
  ctx.status = error === undefined ? 200 : 400;
  views.render(
    ctx,
    'interactions/steps/set-up-passkey',
    {
      ...applicationOf(context),
      title: 'Add a passkey',
      passkey: await newPasskeyForm(context, person, dependencies),
      appPage: kinds.includes('totp')
        ? interactionAddress(interaction.uid, client.id, '/set-up-factor')
        : undefined,
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
      error,
    },
    { ...pageOptions(context), scripts: true },
  );
}
