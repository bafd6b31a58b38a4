import type { Context } from 'koa';
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
      instanceName: instance.name,
      personName: await nameOf(session, people),
      href: `${PATHS.end_session}?instance=${instance.id}`,
    });
  }
  views.render(ctx, 'choose-sign-out', { title: 'Where do you want to sign out?', sessions });
}

export async function showConfirmation(
  ctx: Context,
  { instance, session }: SignedIn,
  { client, returnTo, isReturnRefused, state }: SignOutRequest,
  { views, csrf, people }: Dependencies,
): Promise<void> {
  views.render(
    ctx,
    'sign-out',
    {
      title: 'Sign out?',
      personName: await nameOf(session, people),
      instanceName: instance.name,
      clientName: client?.name,
      notice: isReturnRefused
        ? 'The application gave an address for your return that is not registered. You can sign out here, and stay here.'
        : undefined,
      action: `${PATHS.end_session}/confirm`,
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
  { views }: Pick<Dependencies, 'views'>,
): void {
  views.render(
    ctx,
    'signed-out',
    {
      done: true,
      title: 'You are still signed in',
      message: 'Nothing was changed. You can close this window.',
    },
    { brand: brandOf(instance), isolated: true },
  );
}

/** For a browser in which there was nothing to end. */
export async function showNobodySignedIn(
  ctx: Context,
  { instanceId }: SignOutRequest,
  { views, instances }: Pick<SignOutDependencies, 'views' | 'instances'>,
): Promise<void> {
  const instance = instanceId === undefined ? undefined : await instances.find(instanceId);
  views.render(
    ctx,
    'signed-out',
    {
      done: false,
      title: 'You are not signed in',
      message: 'Nobody is signed in here, so nothing was ended. You can close this window.',
    },
    { brand: instance && brandOf(instance), isolated: true },
  );
}

export function showSignedOut(ctx: Context, { views }: Pick<Dependencies, 'views'>): void {
  const model = { done: true, title: 'You are signed out', message: 'You can close this window.' };
  views.render(ctx, 'signed-out', model, { isolated: true });
}

async function nameOf({ accountId }: Session, people: Dependencies['people']): Promise<string> {
  const person = await people.find(accountId ?? '');
  return person?.name ?? person?.email ?? 'somebody';
}
