/**
 * OpenID Connect RP-Initiated Logout 1.0, at the address that discovery announces. It replaces the library's own,
 * because the instance determines the session, signing out ends all grants of the session, and a request that proves
 * who is signed in (`id_token_hint`) needs no confirmation.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import { withAnswer } from '../clients/return-address.ts';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { logClaim, logClient, logFacts } from '../http/log-fields.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect, repeatAsGet } from '../http/pages/redirect.ts';
import { newContext, runInContext } from '../oidc/request-context.ts';
import { PATHS } from '../oidc/routes.ts';
import { findSession, type Session } from '../oidc/session.ts';
import { clearedSessionCookies, instancesInCookies } from '../sessions/session-cookie.ts';
import type { SignOutDependencies } from './dependencies.ts';
import {
  type SignedIn,
  showChoice,
  showConfirmation,
  showSignedOut,
  showStillSignedIn,
} from './sign-out-pages.ts';
import { readSignOutRequest, refusal, type SignOutRequest } from './sign-out-request.ts';

/**
 * The parameters that a form without cookies keeps when it is repeated as an address. The hint is a token and must
 * not get into an address, so the person is asked instead.
 */
const REPEATED = ['client_id', 'post_logout_redirect_uri', 'state', 'instance'];

export function signOutRoutes(dependencies: SignOutDependencies): Router {
  const router = new Router();
  // The instance becomes known later, so each session is read in its own context.
  router.use((_ctx, next) => runInContext(newContext(), next));
  router.get(PATHS.end_session, (ctx) => requestSignOut(ctx, parseParameters(ctx.querystring), dependencies));
  router.post(PATHS.end_session, async (ctx) => {
    const form = await readForm(ctx.req);
    if (instancesInCookies(ctx.get('cookie'), dependencies).length === 0) {
      const parameters = Object.fromEntries(REPEATED.map((name) => [name, form[name] ?? []]));
      return repeatAsGet(ctx, { path: PATHS.end_session, parameters });
    }
    return requestSignOut(ctx, form, dependencies);
  });
  router.post(`${PATHS.end_session}/confirm`, onlyFromOwnPages(dependencies.issuer), async (ctx) =>
    confirmSignOut(ctx, await readForm(ctx.req), dependencies),
  );
  router.get(`${PATHS.end_session}/success`, (ctx) => showSignedOut(ctx, dependencies));
  return router;
}

async function requestSignOut(
  ctx: Context,
  parameters: RequestParameters,
  dependencies: SignOutDependencies,
): Promise<void> {
  const request = await readRequest(ctx, parameters, dependencies);
  const signedIn = await findSignedIn(ctx, request, dependencies);
  const [only, ...others] = signedIn;
  if (!only) return leave(ctx, request);
  if (others.length > 0) return showChoice(ctx, signedIn, dependencies);
  if (request.provenSubject === only.session.accountId) return signOut(ctx, only, request, dependencies);
  return showConfirmation(ctx, only, request, dependencies);
}

async function confirmSignOut(
  ctx: Context,
  form: RequestParameters,
  dependencies: SignOutDependencies,
): Promise<void> {
  const request = await readRequest(ctx, form, dependencies);
  if (!request.instanceId) throw refusal('The form does not say where to sign out.');
  const [signedIn] = await findSignedIn(ctx, request, dependencies);
  if (!signedIn) return leave(ctx, request);
  dependencies.csrf.check(form.csrf, signedIn.session.uid);
  if (form.decision === 'sign_out') return signOut(ctx, signedIn, request, dependencies);
  showStillSignedIn(ctx, signedIn, dependencies);
}

function readRequest(
  { req }: Context,
  parameters: RequestParameters,
  dependencies: SignOutDependencies,
): Promise<SignOutRequest> {
  logClaim(req, singleValue(parameters.client_id) ?? '');
  return readSignOutRequest(parameters, dependencies, (id) => logClient(req, id, 'registered'));
}

/** The browser's sign-ins at the request's instance, or at all instances if the request names none. */
async function findSignedIn(
  ctx: Context,
  { instanceId }: SignOutRequest,
  dependencies: SignOutDependencies,
): Promise<SignedIn[]> {
  const candidates = instancesInCookies(ctx.get('cookie'), dependencies);
  const found: SignedIn[] = [];
  for (const id of candidates) {
    if (instanceId !== undefined && id !== instanceId) continue;
    const session = await findSession(ctx, dependencies.live.current, id);
    const instance = session.accountId ? await dependencies.instances.find(id) : undefined;
    if (instance) found.push({ instance, session });
  }
  return found;
}

async function signOut(
  ctx: Context,
  { session, instance }: { session: Session; instance: { id: string } },
  request: SignOutRequest,
  dependencies: SignOutDependencies,
): Promise<void> {
  if (session.accountId) logFacts(ctx.req, { person: session.accountId });
  await session.destroy();
  ctx.append('Set-Cookie', clearedSessionCookies(instance.id, dependencies));
  leave(ctx, request);
}

function leave(ctx: Context, { returnTo, state }: SignOutRequest): void {
  const answer = state === undefined ? {} : { state };
  redirect(ctx, returnTo ? withAnswer(returnTo, answer) : `${PATHS.end_session}/success`);
}
