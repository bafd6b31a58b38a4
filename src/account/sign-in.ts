import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { accountAddress, accountClientId, accountReturnAddress } from '../clients/account-client.ts';
import { parseParameters, singleValue } from '../http/input/parameters.ts';
import { redirect, repeatAsGet } from '../http/pages/redirect.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { brandOf } from '../instances/brand.ts';
import type { Instance } from '../instances/instance.ts';
import { PATHS } from '../oidc/routes.ts';
import { findSignedIn } from '../oidc/session.ts';
import type { AccountDependencies } from './dependencies.ts';
import { DONE, goHome } from './done.ts';

/** In the address of a page: the person was asked on the way to confirm who they are. */
export const CONFIRMED = 'confirmed';

/** A sign-in that a person began here, in a cookie of the browser: `<state>.<page>`. */
const COOKIE_SECONDS = 60 * 60;

type SignInDependencies = Pick<AccountDependencies, 'issuer' | 'live' | 'sealedRequests' | 'views' | 'https'>;

/**
 * Sends the browser through the authorization endpoint, and afterwards to a page of the account: the one that was asked
 * for. `asked` makes the request ask for more than a session. Only the browser that began can end here (`state`).
 */
export function beginSignIn(
  ctx: Context,
  instance: Pick<Instance, 'id'>,
  { issuer, sealedRequests, https }: SignInDependencies,
  { page = '', asked = {} }: { page?: string; asked?: Readonly<Record<string, string>> } = {},
): void {
  const state = randomBytes(16).toString('base64url');
  ctx.cookies.set(cookieName(instance.id, { https }), `${state}.${page}`, {
    ...cookieOptions(instance.id, { https }),
    maxAge: COOKIE_SECONDS * 1000,
  });
  const clientId = accountClientId(instance.id);
  const parameters = {
    client_id: clientId,
    response_type: 'none',
    redirect_uri: `${issuer}${accountReturnAddress(instance.id)}`,
    scope: 'openid',
    state,
    ...asked,
  };
  repeatAsGet(ctx, {
    path: PATHS.authorization,
    parameters: {
      client_id: clientId,
      sealed_request: sealedRequests.sealParameters(parameters, clientId),
    },
  });
}

/**
 * The end of that way. The answer says nothing that counts: the session says who is signed in. So a browser that did
 * not begin it goes to the first page, and sees what it may see there.
 */
export async function endSignIn(
  ctx: Context,
  instance: Instance,
  { live, views, https }: SignInDependencies,
): Promise<void> {
  const answer = parseParameters(ctx.querystring);
  const name = cookieName(instance.id, { https });
  const [state, page = ''] = (ctx.cookies.get(name, { signed: true }) ?? '').split('.');
  const isOwn = state !== undefined && state !== '' && singleValue(answer.state) === state;
  if (isOwn) ctx.cookies.set(name, null, cookieOptions(instance.id, { https }));
  const error = singleValue(answer.error);
  if (error !== undefined) logFacts(ctx.req, { detail: 'the sign-in for the account did not succeed' });
  if (await findSignedIn(ctx, live.current, instance.id)) {
    if (!isOwn || page === '') return goHome({ ctx, instance });
    if (error !== undefined) return goHome({ ctx, instance }, DONE.unproven);
    return redirect(ctx, `${accountAddress(instance.id)}${page}?${CONFIRMED}=yes`);
  }
  showNotSignedIn(ctx, instance, { views });
}

/** No redirect, which would lead a browser that keeps no session round and round. */
function showNotSignedIn(
  ctx: Context,
  instance: Instance,
  { views }: Pick<AccountDependencies, 'views'>,
): void {
  const words = { title: 'You are not signed in', message: 'Sign in to see your account.' };
  const links = [{ does: 'sign_in', href: accountAddress(instance.id), name: 'your account' }];
  views.render(
    ctx,
    'sign-out/signed-out',
    { done: false, ...words, links },
    { brand: brandOf(instance), isolated: true },
  );
}

function cookieName(instanceId: string, { https }: { https: boolean }): string {
  return `${https ? '__Secure-' : ''}listo_account_${instanceId}`;
}

function cookieOptions(instanceId: string, { https }: { https: boolean }) {
  return {
    signed: true,
    httpOnly: true,
    overwrite: true,
    sameSite: 'lax',
    path: accountReturnAddress(instanceId),
    ...(https ? { secure: true } : {}),
  } as const;
}
