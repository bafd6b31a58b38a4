import type { Context } from 'koa';
import { accountAddress } from '../clients/account-client.ts';
import { applicationLinks, linksAfterSignOut } from '../clients/application-links.ts';
import type { Client } from '../clients/client.ts';
import { type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { logClient } from '../http/records/log-fields.ts';
import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import { PATHS } from '../oidc/routes.ts';
import type { Session } from '../oidc/session.ts';
import type { SignOutDependencies } from './dependencies.ts';
import type { SignOutRequest } from './sign-out-request.ts';

/** A person's session at an instance, in this browser. */
export interface SignedIn {
  instance: Instance;
  session: Session;
}

type Dependencies = Pick<SignOutDependencies, 'views' | 'csrf' | 'people'>;

/** For a request that names no application, from a browser with several sessions. */
export async function showChoice(
  ctx: Context,
  signedIn: readonly SignedIn[],
  { views, people }: Dependencies,
): Promise<void> {
  const sessions = [];
  for (const { instance, session } of signedIn) {
    sessions.push({
      instanceId: instance.id,
      instanceName: instance.name,
      personName: await nameOf(session, people),
      href: `${PATHS.end_session}?instance=${instance.id}`,
    });
  }
  views.render(ctx, 'sign-out/choose', { title: 'Where do you want to sign out?', sessions });
}

export async function showConfirmation(
  ctx: Context,
  { instance, session }: SignedIn,
  { client, returnTo, returnRefused, state }: SignOutRequest,
  { views, csrf, people }: Dependencies,
): Promise<void> {
  views.render(
    ctx,
    'sign-out/sign-out',
    {
      title: 'Sign out?',
      personName: await nameOf(session, people),
      instanceName: instance.name,
      clientName: client?.name,
      notice: returnRefused
        ? 'The application gave an address for your return that is not registered. You can sign out here, and stay here.'
        : undefined,
      action: `${PATHS.end_session}/confirm`,
      account: accountAddress(instance.id),
      csrf: csrf.token(session.uid),
      hidden: {
        instance: instance.id,
        ...(client ? { client_id: client.id } : {}),
        ...(returnTo ? { post_logout_redirect_uri: returnTo } : {}),
        ...(state ? { state } : {}),
      },
    },
    { brand: brandOf(instance), formTargets: returnTo ? [returnTo] : [] },
  );
}

export function showStillSignedIn(
  ctx: Context,
  { instance }: SignedIn,
  { client }: SignOutRequest,
  { views, issuer }: Pick<SignOutDependencies, 'views' | 'issuer'>,
): void {
  const links = client ? applicationLinks(client, issuer) : [];
  const model = {
    done: true,
    title: 'You are still signed in',
    message: 'You can close this window.',
    links: links.filter(({ does }) => does === 'return'),
  };
  views.render(ctx, 'sign-out/signed-out', model, { brand: brandOf(instance), isolated: true });
}

/** For a browser in which there was nothing to end. */
export async function showNobodySignedIn(
  ctx: Context,
  { client, instanceId }: SignOutRequest,
  { views, instances, issuer }: Pick<SignOutDependencies, 'views' | 'instances' | 'issuer'>,
): Promise<void> {
  const instance = instanceId === undefined ? undefined : await instances.find(instanceId);
  const words = {
    done: false,
    title: 'You are not signed in',
    message: 'There was nothing to sign out of. You can close this window.',
  };
  showEnd(ctx, words, { client, instance }, { views, issuer });
}

/** Anybody may make up the address of this page. Its links lead to registered addresses only. */
export async function showSignedOut(
  ctx: Context,
  { client_id, instance: named }: RequestParameters,
  { views, clients, instances, issuer }: SignOutDependencies,
): Promise<void> {
  const client = await clients.find(singleValue(client_id) ?? '');
  if (client) logClient(ctx.req, client.id, 'registered');
  const instance = await instances.find(client?.instanceId ?? singleValue(named) ?? '');
  const words = { done: true, title: 'You are signed out', message: 'You can close this window.' };
  showEnd(ctx, words, { client, instance }, { views, issuer });
}

function showEnd(
  ctx: Context,
  words: { done: boolean; title: string; message: string },
  { client, instance }: { client: Client | undefined; instance: Instance | undefined },
  { views, issuer }: Pick<SignOutDependencies, 'views' | 'issuer'>,
): void {
  const links = client ? linksAfterSignOut(client, issuer) : [];
  views.render(
    ctx,
    'sign-out/signed-out',
    { ...words, links },
    { brand: instance && brandOf(instance), isolated: true },
  );
}

async function nameOf({ accountId }: Session, people: Dependencies['people']): Promise<string> {
  const person = await people.find(accountId ?? '');
  return person?.name ?? person?.email ?? 'somebody';
}
