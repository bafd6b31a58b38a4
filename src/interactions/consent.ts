import { scopesGiving } from '../accounts/claims.ts';
import { accountAddress } from '../clients/account-client.ts';
import { OFFLINE_ACCESS, scopesAllowed } from '../clients/allowed-now.ts';
import { scopeInWords } from '../clients/scope-words.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf, requestState } from '../http/records/request-state.ts';
import { requestedClaims } from '../oidc/checks/requested-claims.ts';
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

export async function showConsent(
  context: InteractionContext,
  { views, csrf, people }: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, client } = context;
  const { personName = 'You', personEmail } = shownPerson(await signedInPerson(context, { people }));
  views.render(
    ctx,
    'interactions/consent',
    {
      ...applicationOf(context),
      title: `Share with ${client.name}?`,
      clientHost: hostOf(redirectUri(context)),
      personName,
      personEmail,
      signInAsAnother: interactionAddress(interaction.uid, client.id, '/another'),
      scopes: shownScopes(context).map((name) => ({
        name,
        ...scopeInWords(name),
      })),
      action: `/interaction/${interaction.uid}/consent`,
      account: accountAddress(client.instanceId),
      csrf: csrf.token(interaction.uid),
    },
    pageOptions(context),
  );
}

/** Consent is remembered for the person and the client. A refusal is reported to the client and not remembered. */
export async function decideConsent(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  const { ctx, interaction, client } = context;
  const form = await readInteractionForm(context, dependencies);
  const personId = interaction.session?.accountId;
  if (!personId) throw new Error('The library asks for consent before anybody signed in.');
  const allowed = form.decision === 'allow';
  requestState(ctx.req).log.consent = allowed ? 'allowed' : 'refused';
  if (!allowed) {
    logFacts(ctx.req, { detail: 'the person refused' });
    await dependencies.consents.refuse({ personId, clientId: client.id }, originOf(ctx.req));
    return finishInteraction(context, dependencies, {
      error: 'access_denied',
      error_description: 'User denied authorization',
      reason: 'person.refused_consent',
    });
  }
  const subject = { personId, clientId: client.id, redirectUri: redirectUri(context) };
  await dependencies.consents.allow(subject, askedScopes(context), originOf(ctx.req));
  await finishInteraction(context, dependencies, { consent: {} });
}

/** Every client with the refresh grant keeps its access while the person is away, whether it asks for that or not. */
function shownScopes(context: InteractionContext): string[] {
  const lasting = scopesAllowed(context.client, OFFLINE_ACCESS);
  return [...new Set([...askedScopes(context), ...lasting])];
}

/** The scopes of the request, and those that give a claim which it asks for by name (`claims`). */
function askedScopes({ interaction: { params }, client }: InteractionContext): string[] {
  const { id_token, userinfo } = requestedClaims(params);
  const byClaims = Object.keys({ ...id_token, ...userinfo }).flatMap(scopesGiving);
  return scopesAllowed(client, [String(params.scope ?? ''), ...byClaims].join(' '));
}

/** The host of a web address, to which the answer goes. A private-use scheme would tell a person nothing. */
function hostOf(uri: string | undefined): string | undefined {
  return uri === undefined ? undefined : new URL(uri).host || undefined;
}
