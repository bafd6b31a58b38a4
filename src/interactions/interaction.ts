import type { Context } from 'koa';
import { errors, type Provider } from 'oidc-provider';
import type { Client } from '../clients/client.ts';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import type { PageOptions } from '../http/pages/views.ts';
import { logClient, logFacts } from '../http/records/log-fields.ts';
import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import { clientRecord } from '../oidc/storage/client-metadata.ts';
import type { InteractionDependencies } from './dependencies.ts';

export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** A step of an authorization under way, for its page. */
export interface InteractionContext {
  ctx: Context;
  interaction: Interaction;
  client: Client;
  instance: Instance;
}

type Result = Parameters<Provider['interactionFinished']>[2];

/** The interaction is over, or belongs to another browser (way-on.ts). */
export class InteractionOver extends Error {
  /** Whether the person said no, in a form that was read already. */
  declined = false;
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
  return { brand: brandOf(context.instance), formTargets: uri === undefined ? [] : [uri] };
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
  const next = await unlessOver(
    () => provider().interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: !declined }),
    { declined },
  );
  redirect(ctx, next);
}

/**
 * Signs a person in. If another person was signed in, in this browser and instance, their session and its grants end
 * first. Otherwise the library would make the browser post a page of its own.
 *
 * `amr` names the method (RFC 8176), if it is known. `authenticatedAt` is in epoch seconds, and now by default.
 */
export async function finishSignIn(
  context: InteractionContext,
  dependencies: InteractionDependencies,
  {
    personId,
    passwordFingerprint,
    amr,
    authenticatedAt,
  }: {
    personId: string;
    passwordFingerprint?: string | undefined;
    amr?: string[] | undefined;
    authenticatedAt?: number;
  },
): Promise<void> {
  const { ctx, interaction } = context;
  const { provider } = dependencies;
  const session = await provider().Session.get(ctx as never);
  if (session.accountId && session.accountId !== personId) {
    await session.destroy();
    delete interaction.session;
    await interaction.persist();
  }
  await finishInteraction(context, dependencies, {
    login: {
      accountId: personId,
      passwordFingerprint,
      ...(amr ? { amr } : {}),
      ...(authenticatedAt === undefined ? {} : { ts: authenticatedAt }),
    },
  });
}

/**
 * Whether this is the person that the client requested (`id_token_hint`). The library checks the token, and only
 * knows who was signed in before.
 */
export async function isWhoWasAskedFor(
  { interaction, client }: InteractionContext,
  { hints }: Pick<InteractionDependencies, 'hints'>,
  personId: string,
): Promise<boolean> {
  const { id_token_hint, sealed_hint } = interaction.params;
  if (id_token_hint === undefined && sealed_hint === undefined) return true;
  return (await hints.subjectAskedFor({ id_token_hint, sealed_hint }, client.id)) === personId;
}

/** Why somebody who signed in may not go on, for the log. */
export const NOT_WHO_WAS_ASKED_FOR = 'the application asked for another person to sign in (id_token_hint)';

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
  });
}

/** A second tab, or a form that was sent twice, may end an interaction at any moment. */
async function unlessOver<T>(work: () => Promise<T>, { declined = false } = {}): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    throw Object.assign(new InteractionOver(undefined, { cause: error }), { declined });
  }
}
