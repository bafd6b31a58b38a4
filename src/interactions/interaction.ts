import type { Context } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import type { Person } from '../accounts/person.ts';
import type { Client } from '../clients/client.ts';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { PageOptions } from '../http/pages/views.ts';
import { logClient, logFacts } from '../http/records/log-fields.ts';

import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import { requestedClaims } from '../oidc/checks/requested-claims.ts';
import { ANOTHER_PERSON } from '../oidc/configuration/interaction-policy.ts';
import { clientRecord } from '../oidc/storage/client-metadata.ts';
import type { Reason } from '../refusals/reasons.ts';
import type { InteractionDependencies } from './dependencies.ts';

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** A step of an authorization under way, for its page. */
export interface InteractionContext {
  ctx: Context;
  interaction: Interaction;
  client: Client;
  instance: Instance;
}

/** `reason`: why it ends with an error, for those who want to know (oidc/reasons/person-needed.ts). */
type Result = Parameters<Provider['interactionFinished']>[2] & { reason?: Reason };

/** The interaction is over, or belongs to another browser (way-on.ts). */
export class InteractionOver extends Error {
  /** The answer in a form that was read already: the person said no, or chose to go on as who is signed in. */
  answer: 'no' | 'go_on' | undefined;
}

/** @throws InteractionOver when it is over, or belongs to another browser, as its cookie shows. */
export async function loadInteraction(
  ctx: Context,
  { provider, instances }: Pick<InteractionDependencies, 'provider' | 'instances'>,
): Promise<InteractionContext> {
  parseParameters(ctx.querystring);
  const interaction = await unlessOver(() => provider().interactionDetails(ctx.req, ctx.res));
  // The browser sends the cookie only to this interaction's path. This checks the uid all the same.
  if (interaction.uid !== ctx.params.uid) throw new InteractionOver();
  const registered = await provider().Client.find(String(interaction.params.client_id));
  const client = registered && clientRecord(registered);
  const instance = client && (await instances.find(client.instanceId));
  if (!client || !instance) throw new InteractionOver();
  logClient(ctx.req, client.id, 'registered');
  const { accountId } = interaction.session ?? {};
  if (accountId) logFacts(ctx.req, { person: accountId });
  return { ctx, interaction, client, instance };
}

/** The person who is signed in at this moment. */
export async function signedInPerson(
  { interaction }: InteractionContext,
  { people }: Pick<InteractionDependencies, 'people'>,
): Promise<Person | undefined> {
  const { accountId } = interaction.session ?? {};
  return accountId === undefined ? undefined : people.find(accountId);
}

/** The names of a person on a page: a name above the address, or the address alone. */
export function shownPerson(person: Person | undefined): {
  personName: string | undefined;
  personEmail: string | null;
} {
  return {
    personName: person?.name ?? person?.email ?? undefined,
    personEmail: person?.name ? person.email : null,
  };
}

/** Whether the person said that they are not the one who is signed in. The other prompts ask nobody to sign in. */
export function saysToBeAnother({ interaction: { prompt } }: InteractionContext): boolean {
  return prompt.name !== 'login' || prompt.reasons.includes(ANOTHER_PERSON);
}

/** Whether another person than the one who is signed in is to sign in: they said so, or the application did by an id. */
export function isForAnother(context: InteractionContext): boolean {
  const { session, prompt } = context.interaction;
  if (session?.accountId === undefined) return false;
  const asked = ['id_token_hint', 'claims_id_token_sub_value'];
  return saysToBeAnother(context) || asked.some((reason) => prompt.reasons.includes(reason));
}

/** Reads the form of an interaction's page, and checks that it comes from that page. */
export async function readInteractionForm(
  { ctx, interaction }: InteractionContext,
  { csrf }: Pick<InteractionDependencies, 'csrf'>,
): Promise<RequestParameters> {
  const form = await readForm(ctx.req);
  csrf.check(form.csrf, interaction.uid);
  return form;
}

/** An interaction's page has its instance's look, and its form may lead back to the client. */
export function pageOptions(context: InteractionContext): PageOptions {
  const uri = redirectUri(context);
  const { logoUri } = context.client;
  return {
    brand: brandOf(context.instance),
    formTargets: uri === undefined ? [] : [uri],
    images: logoUri === null ? [] : [logoUri],
  };
}

/** Whether an application has its instance's name, which stands at the head of each page. */
export function isNamesake(client: Pick<Client, 'name'>, instance: Pick<Instance, 'name'>): boolean {
  return client.name.toLowerCase() === instance.name.toLowerCase();
}

/** The application, for a page on which a person decides whether to go on to it. */
export function applicationOf({ client, instance }: InteractionContext): Record<string, unknown> {
  const { id, name, logoUri, tosUri, policyUri } = client;
  return {
    clientId: id,
    clientName: name,
    isNamesake: isNamesake(client, instance),
    clientLogo: logoUri,
    links: [
      ...(tosUri === null ? [] : [{ href: tosUri, text: 'Terms of service' }]),
      ...(policyUri === null ? [] : [{ href: policyUri, text: 'Privacy policy' }]),
    ],
  };
}

/** The address for the client's answer; undefined for a device, which polls instead. */
export function redirectUri({ interaction }: InteractionContext): string | undefined {
  return singleValue(interaction.params.redirect_uri);
}

/** Gives a result to the library and sends the browser back to it. */
export async function finishInteraction(
  { ctx }: InteractionContext,
  { provider }: Pick<InteractionDependencies, 'provider'>,
  result: Result,
): Promise<void> {
  const declined = 'error' in result;
  const answer = declined ? 'no' : 'select_account' in result ? 'go_on' : undefined;
  const next = await unlessOver(
    () => provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: !declined }),
    answer,
  );
  redirect(ctx, next);
}

/**
 * Whether this is the person that the client requested (`id_token_hint`, or a `sub` in `claims`). The library checks the
 * token, and only knows who was signed in before.
 */
export async function isWhoWasAskedFor(
  { interaction, client }: InteractionContext,
  { hints }: Pick<InteractionDependencies, 'hints'>,
  personId: string,
): Promise<boolean> {
  const { id_token_hint, sealed_hint } = interaction.params;
  const wanted = requestedClaims(interaction.params).id_token?.sub?.value;
  if (wanted !== undefined && wanted !== personId) return false;
  if (id_token_hint === undefined && sealed_hint === undefined) return true;
  return (await hints.subjectAskedFor({ id_token_hint, sealed_hint }, client.id)) === personId;
}

/** Why somebody who signed in may not go on, for the log. */
export const NOT_WHO_WAS_ASKED_FOR =
  'the application asked for another person to sign in (id_token_hint or claims)';

/** The person declines: the client gets an error, and nothing else happens. */
export async function abortInteraction(
  context: InteractionContext,
  dependencies: InteractionDependencies,
): Promise<void> {
  await readInteractionForm(context, dependencies);
  logFacts(context.ctx.req, { detail: 'the person cancelled' });
  await finishInteraction(context, dependencies, {
    error: 'access_denied',
    error_description: 'The person cancelled signing in',
    reason: 'person.cancelled',
  });
}

/** A second tab, or a form that was sent twice, may end an interaction at any moment. */
async function unlessOver<T>(work: () => Promise<T>, answer?: InteractionOver['answer']): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    throw Object.assign(new InteractionOver(undefined, { cause: error }), { answer });
  }
}
