/**
 * OpenID Connect RP-Initiated Logout 1.0, at the address that discovery announces. It replaces the library's own,
 * because the instance determines the session, signing out ends all grants of the session, and a request that proves
 * who is signed in (`id_token_hint`) needs no confirmation.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { linksAfterSignOut } from '../clients/application-links.ts';
import { withAnswer } from '../clients/return-address.ts';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { redirect, repeatAsGet } from '../http/pages/redirect.ts';
import { logClaim, logClient, logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import { createRouter } from '../http/routing.ts';
import { newContext, runInContext } from '../oidc/request-context.ts';
import { PATHS } from '../oidc/routes.ts';
import { endSession, findSession, type Session } from '../oidc/session.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { clearedSessionCookies, instancesInCookies } from '../sessions/session-cookie.ts';
import type { SignOutDependencies } from './dependencies.ts';
import {
  type SignedIn,
  showChoice,
  showConfirmation,
  showNobodySignedIn,
  showSignedOut,
  showStillSignedIn,
} from './sign-out-pages.ts';
import { readSignOutRequest, refusal, returnRefused, type SignOutRequest } from './sign-out-request.ts';

/** The parameters that a request keeps when it is repeated as an address of ours. A hint is a token and stays out. */
const REPEATED = ['client_id', 'post_logout_redirect_uri', 'state', 'instance'];

const NOTHING_ENDED =
  'Nothing was ended: the request has no cookie of somebody who is signed in, and no id_token_hint with the sid of a session that goes on. Send the browser of the person to this address.';

export function signOutRoutes(dependencies: SignOutDependencies): Router {
  const router = createRouter();
  // The instance becomes known later, so each session is read in its own context.
  router.use((_ctx, next) => runInContext(newContext(), next));
  router.get(PATHS.end_session, (ctx) => requestSignOut(ctx, parseParameters(ctx.querystring), dependencies));
  router.post(PATHS.end_session, async (ctx) => {
    const form = await readForm(ctx.req);
    const hasCookies = instancesInCookies(ctx.get('cookie'), dependencies).length > 0;
    const hint = singleValue(form.id_token_hint);
    const isVerified = hint !== undefined && (await dependencies.hints.verify(hint)) !== undefined;
    if (hasCookies || isVerified) return requestSignOut(ctx, form, dependencies);
    return repeatWithoutHint(ctx, form, { isHintInvalid: hasHint(form) });
  });
  router.post(`${PATHS.end_session}/confirm`, onlyFromOwnPages(dependencies.issuer), async (ctx) =>
    confirmSignOut(ctx, await readForm(ctx.req), dependencies),
  );
  // A form's answer was opened again, without the form.
  router.get(`${PATHS.end_session}/confirm`, (ctx) => redirect(ctx, PATHS.end_session));
  router.get(`${PATHS.end_session}/success`, (ctx) =>
    showSignedOut(ctx, parseParameters(ctx.querystring), dependencies),
  );
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
  const { returnRefused: why } = request;
  if (why) return stayHere(ctx, only, { request, parameters, why }, dependencies);
  if (only && isProven(request, only.session)) return signOut(ctx, only, request, dependencies);
  if (!only && (await isNamedSessionOver(ctx, request, dependencies))) return leave(ctx, request);
  // From here on there is a page. Its address has no hint, nor has the `Referer` of its form.
  if (parameters.id_token_hint !== undefined) return repeatWithoutHint(ctx, parameters, request);
  if (!only) return showNothingEnded(ctx, request, dependencies);
  if (others.length > 0) return showChoice(ctx, signedIn, dependencies);
  return showConfirmation(ctx, only, request, dependencies);
}

/**
 * Refuses an address for the return that is not registered. The person wants to sign out all the same, and may do so.
 * @throws HttpError 400 when nobody is signed in.
 */
async function stayHere(
  ctx: Context,
  signedIn: SignedIn | undefined,
  { request, parameters, why }: { request: SignOutRequest; parameters: RequestParameters; why: Refusal },
  dependencies: SignOutDependencies,
): Promise<void> {
  const { client } = request;
  const refused = returnRefused(why, client ? { links: linksAfterSignOut(client, dependencies.issuer) } : {});
  if (!signedIn) throw refused;
  if (parameters.id_token_hint !== undefined) return repeatWithoutHint(ctx, parameters, request);
  ctx.status = refused.status;
  logFacts(ctx.req, { error: refused.code, detail: refused.message, why });
  return showConfirmation(ctx, signedIn, request, dependencies);
}

/**
 * Whether the hint names this person, and this session if it names one. A hint of another session proves too little, so
 * the person is asked (RP-Initiated Logout 1.0 section 2).
 */
function isProven({ hint }: SignOutRequest, { accountId, uid }: Session): boolean {
  return hint !== undefined && hint.subject === accountId && (hint.sessionUid ?? uid) === uid;
}

/**
 * Ends the session that a hint names, for a request without its cookie: an application's server sent it, or a page of
 * another site. Only an ID token of the session can name it, so no link of a stranger ends anything.
 *
 * A session that ended before is over as well, so a request can be repeated. Only after a form the cookies decide,
 * because it may come without them, and the browser may have another session by now.
 */
async function isNamedSessionOver(
  { req, method }: Context,
  { hint, client }: SignOutRequest,
  { sessions }: Pick<SignOutDependencies, 'sessions'>,
): Promise<boolean> {
  if (hint?.sessionUid === undefined) return false;
  const ended = await sessions.endOf(hint.subject, hint.sessionUid, {
    origin: originOf(req),
    cause: 'signed_out_by_application',
    client: client?.id,
  });
  if (ended) logFacts(req, { person: hint.subject });
  return ended || method !== 'POST';
}

/** Whether a request has a hint. An empty parameter counts as left out (RFC 6749 section 3.1). */
function hasHint({ id_token_hint: hint }: RequestParameters): boolean {
  return [hint ?? []].flat().some((text) => text !== '');
}

/**
 * A form that another site posts comes without our cookies; the browser sends them with the address. The address names
 * the client of the hint. After a hint that does not verify, it names no address for the return.
 */
function repeatWithoutHint(
  ctx: Context,
  { client_id, ...others }: RequestParameters,
  { client, isHintInvalid }: Pick<SignOutRequest, 'isHintInvalid'> & Partial<SignOutRequest>,
): void {
  const known: RequestParameters = { client_id: client_id ?? client?.id ?? [], ...others };
  const names = REPEATED.filter((name) => !(isHintInvalid && name === 'post_logout_redirect_uri'));
  const parameters = Object.fromEntries(names.map((name) => [name, known[name] ?? []]));
  repeatAsGet(ctx, { path: PATHS.end_session, parameters });
}

async function confirmSignOut(
  ctx: Context,
  form: RequestParameters,
  dependencies: SignOutDependencies,
): Promise<void> {
  const request = await readRequest(ctx, form, dependencies);
  if (!request.instanceId)
    throw refusal('The form does not say where to sign out.', { reason: 'logout.instance_missing' });
  const [signedIn] = await findSignedIn(ctx, request, dependencies);
  if (!signedIn) return leave(ctx, request);
  dependencies.csrf.check(form.csrf, signedIn.session.uid);
  if (form.decision === 'sign_out') return signOut(ctx, signedIn, request, dependencies);
  showStillSignedIn(ctx, signedIn, request, dependencies);
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
  await endSession(session, { origin: originOf(ctx.req), cause: 'signed_out', client: request.client?.id });
  ctx.append('Set-Cookie', clearedSessionCookies(instance.id, dependencies));
  leave(ctx, request);
}

/** A browser goes on to the application. A program would take that for success. */
async function showNothingEnded(
  ctx: Context,
  request: SignOutRequest,
  dependencies: SignOutDependencies,
): Promise<void> {
  if (ctx.accepts('json', 'html') !== 'html')
    throw refusal(NOTHING_ENDED, { reason: 'logout.nothing_ended' });
  if (request.returnTo) return leave(ctx, request);
  return showNobodySignedIn(ctx, request, dependencies);
}

function leave(ctx: Context, { client, instanceId, returnTo, state }: SignOutRequest): void {
  const answer = state === undefined ? {} : { state };
  redirect(ctx, returnTo ? withAnswer(returnTo, answer) : signedOutAddress(client?.id, instanceId));
}

/** The page keeps the look of what was signed out of, and leads back to the application. */
function signedOutAddress(clientId: string | undefined, instanceId: string | undefined): string {
  const success = `${PATHS.end_session}/success`;
  if (clientId !== undefined) return `${success}?${new URLSearchParams({ client_id: clientId })}`;
  return instanceId === undefined ? success : `${success}?${new URLSearchParams({ instance: instanceId })}`;
}
