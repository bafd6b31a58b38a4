import { interactionAddress } from '../oidc/routes.ts';
import type { InteractionDependencies } from './dependencies.ts';
import {
  applicationOf,
  finishInteraction,
  type InteractionContext,
  pageOptions,
  readInteractionForm,
  redirectUri,
  shownPerson,
  signedInPerson,
} from './interaction.ts';

/** Shows whom one can go on as: the person who is signed in, or somebody else (`prompt=select_account`). */
export async function showAccounts(
  context: InteractionContext,
  { views, csrf, people }: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { personName = 'You', personEmail } = shownPerson(await signedInPerson(context, { people }));
  views.render(
    ctx,
    'interactions/accounts',
    {
      ...applicationOf(context),
      title: 'Choose an account',
      personName,
      personEmail,
      action: `/interaction/${interaction.uid}/account`,
      signInAsAnother: interactionAddress(interaction.uid, client.id, '/another'),
      goesBack: redirectUri(context) !== undefined,
      abortAction: `/interaction/${interaction.uid}/abort`,
      csrf: csrf.token(interaction.uid),
    },
    pageOptions(context),
  );
}

/** The person goes on as who they are. That proves nothing anew, so the time of their sign-in stays. */
export async function continueAsSignedIn(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  await readInteractionForm(context, dependencies);
  await finishInteraction(context, dependencies, { select_account: {} });
}
