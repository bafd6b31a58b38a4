import type Router from '@koa/router';
import type { Context } from 'koa';
import type { Client } from '../clients/client.ts';
import { readForm } from '../http/body.ts';
import { parseParameters } from '../http/parameters.ts';
import { readIdTokenHint } from '../oidc/id-token-hint.ts';
import { PATHS } from '../oidc/routes.ts';
import {
  clearSessionCookie,
  endSession,
  findSession,
  instancesInCookies,
  type Session,
} from '../oidc/session.ts';
import { HttpError } from '../platform/errors.ts';
import { brandOf } from './interaction.ts';
import type { InteractionDependencies } from './routes.ts';

/**
 * OpenID Connect RP-Initiated Logout 1.0, at the address that discovery announces. Ours instead of the library's,
 * because which session it is about depends on the instance, because signing out ends every grant of the session,
 * and because a request that proves who is signed in (`id_token_hint`) needs no confirmation.
 */
export function signOutRoutes(router: Router, dependencies: InteractionDependencies): void {
  router.get(PATHS.end_session, (ctx) => requestSignOut(ctx, parseParameters(ctx.querystring), dependencies));
  router.post(PATHS.end_session, async (ctx) => {
    const form = await readForm(ctx.req);
    if (ctx.get('cookie') !== '') return requestSignOut(ctx, form, dependencies);
    repeatAsGet(ctx, form);
  });
  router.post(`${PATHS.end_session}/confirm`, async (ctx) =>
    confirmSignOut(ctx, await readForm(ctx.req), dependencies),
  );
  router.get(`${PATHS.end_session}/success`, (ctx) => {
    dependencies.views.render(ctx, 'signed-out', {
      title: 'You are signed out',
      message: 'You can close this window.',
    });
  });
}

type Parameters = Record<string, string | string[]>;

interface SignOut {
  client: Client | undefined;
  /** The subject that the request proves to know, by a valid hint. */
  provenSubject: string | undefined;
  returnTo: string | undefined;
  state: string | undefined;
  instanceId: string | undefined;
}

async function requestSignOut(
  ctx: Context,
  parameters: Parameters,
  dependencies: InteractionDependencies,
): Promise<void> {
  const request = await readRequest(parameters, dependencies);
  const instanceId = request.instanceId ?? (await onlyInstance(ctx, dependencies));
  if (instanceId === undefined) return;
  const session = await findSession(ctx, dependencies.provider(), instanceId);
  if (!session.accountId) return leave(ctx, request);
  if (request.provenSubject === session.accountId)
    return signOut(ctx, session, { ...request, instanceId }, dependencies);
  await askForConfirmation(ctx, session, { ...request, instanceId }, dependencies);
}

/** What the request asks for, checked. @throws HttpError 400, shown as a page: nobody is redirected on a doubtful request. */
async function readRequest(
  parameters: Parameters,
  { provider, clients }: InteractionDependencies,
): Promise<SignOut> {
  const hintText = single(parameters, 'id_token_hint');
  const clientId = single(parameters, 'client_id');
  const returnTo = single(parameters, 'post_logout_redirect_uri');
  const hint = hintText ? await readIdTokenHint(provider(), hintText) : undefined;
  if (hint && clientId && hint.client.id !== clientId)
    throw refusal('client_id is not the one that the id_token_hint was issued to.');
  const client = hint?.client ?? (clientId ? await clients.find(clientId) : undefined);
  if (clientId && !client) throw refusal('This client_id is not known.');
  const registered =
    client && returnTo && (await provider().Client.find(client.id))?.postLogoutRedirectUriAllowed(returnTo);
  if (client && returnTo && !registered)
    throw refusal('This post_logout_redirect_uri is not registered for the client.');
  return {
    client,
    provenSubject: hint?.subject,
    returnTo: registered ? returnTo : undefined,
    state: single(parameters, 'state'),
    instanceId: client?.instanceId ?? single(parameters, 'instance'),
  };
}

/** Without a client to go by: the instance this browser is signed in to; where there are several, the person chooses. */
async function onlyInstance(
  ctx: Context,
  dependencies: InteractionDependencies,
): Promise<string | undefined> {
  const sessions: { instanceId: string; instanceName: string; personName: string; href: string }[] = [];
  for (const instanceId of instancesInCookies(ctx, { https: isHttps(dependencies) })) {
    const { accountId } = await findSession(ctx, dependencies.provider(), instanceId);
    const instance = accountId ? await dependencies.instances.find(instanceId) : undefined;
    if (!instance || !accountId) continue;
    sessions.push({
      instanceId,
      instanceName: instance.name,
      personName: await nameOf(accountId, dependencies),
      href: `${PATHS.end_session}?instance=${instanceId}`,
    });
  }
  if (sessions.length === 1) return sessions[0]?.instanceId;
  if (sessions.length === 0) ctx.redirect(`${PATHS.end_session}/success`);
  else
    dependencies.views.render(ctx, 'choose-sign-out', { title: 'Where do you want to sign out?', sessions });
  return undefined;
}

async function askForConfirmation(
  ctx: Context,
  session: Session,
  request: SignOut & { instanceId: string },
  dependencies: InteractionDependencies,
): Promise<void> {
  const instance = await dependencies.instances.find(request.instanceId);
  if (!instance) throw refusal('This instance is not known.');
  const hidden = {
    instance: request.instanceId,
    ...(request.client ? { client_id: request.client.id } : {}),
    ...(request.returnTo ? { post_logout_redirect_uri: request.returnTo } : {}),
    ...(request.state ? { state: request.state } : {}),
  };
  dependencies.views.render(
    ctx,
    'sign-out',
    {
      title: 'Sign out?',
      personName: await nameOf(session.accountId ?? '', dependencies),
      instanceName: instance.name,
      clientName: request.client?.name,
      action: `${PATHS.end_session}/confirm`,
      csrf: dependencies.csrf.token(session.uid),
      hidden,
    },
    { brand: brandOf(instance), formTargets: request.returnTo ? [request.returnTo] : [] },
  );
}

async function confirmSignOut(
  ctx: Context,
  form: Parameters,
  dependencies: InteractionDependencies,
): Promise<void> {
  const request = await readRequest(form, dependencies);
  const { instanceId } = request;
  if (!instanceId) throw refusal('The form does not say where to sign out.');
  const session = await findSession(ctx, dependencies.provider(), instanceId);
  if (!session.accountId) return leave(ctx, request);
  dependencies.csrf.check(ctx, form.csrf, session.uid);
  if (form.decision === 'sign_out') return signOut(ctx, session, { ...request, instanceId }, dependencies);
  const instance = await dependencies.instances.find(instanceId);
  dependencies.views.render(
    ctx,
    'signed-out',
    { title: 'You are still signed in', message: 'Nothing was changed. You can close this window.' },
    { brand: instance && brandOf(instance) },
  );
}

async function signOut(
  ctx: Context,
  session: Session,
  request: SignOut & { instanceId: string },
  dependencies: InteractionDependencies,
): Promise<void> {
  await endSession(session, dependencies);
  clearSessionCookie(ctx, request.instanceId, { https: isHttps(dependencies) });
  leave(ctx, request);
}

function leave(ctx: Context, { returnTo, state }: SignOut): void {
  const target = returnTo ? new URL(returnTo) : undefined;
  if (target && state !== undefined) target.searchParams.set('state', state);
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(target?.href ?? `${PATHS.end_session}/success`);
}

/**
 * A form posted by another site comes without our cookies, so it is turned into a GET, which brings them. The hint
 * is left behind, because a token does not belong in an address; the person is asked instead.
 */
function repeatAsGet(ctx: Context, { id_token_hint: _hint, ...form }: Parameters): void {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(form)) {
    for (const value of [values].flat()) query.append(name, value);
  }
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(`${PATHS.end_session}?${query}`);
}

async function nameOf(personId: string, { people }: InteractionDependencies): Promise<string> {
  const person = await people.find(personId);
  return person?.name ?? person?.email ?? 'somebody';
}

function isHttps({ issuer }: InteractionDependencies): boolean {
  return issuer.startsWith('https:');
}

function single(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  if (Array.isArray(value)) throw refusal(`The parameter ${name} was sent more than once.`);
  return value === '' ? undefined : value;
}

function refusal(message: string): HttpError {
  return new HttpError({ status: 400, code: 'invalid_request', message });
}
