import type { Context } from 'koa';
import { accountAddress, isAccountClient } from '../clients/account-client.ts';
import { applicationLinks } from '../clients/application-links.ts';
import type { Client } from '../clients/client.ts';
import { readForm } from '../http/input/body.ts';
import { parseParameters, type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { redirect, repeatAsGet } from '../http/pages/redirect.ts';
import { logClient, logFacts } from '../http/records/log-fields.ts';
import { findInteraction, type KnownInteraction, repeatedRequest } from '../oidc/known-interaction.ts';
import { interactionAddress, PATHS } from '../oidc/routes.ts';
import { findSession, type Session } from '../oidc/session.ts';
import { clientRecord } from '../oidc/storage/client-metadata.ts';
import type { HttpError, PageLink } from '../platform/errors.ts';
import { refusedRequest } from '../refusals/refused-request.ts';
import { cookiesBlocked, cookiesLost, isFormWithoutCookies, keepsCookies } from './browsers/cookie-check.ts';
import type { InteractionDependencies } from './dependencies.ts';
import type { InteractionOver } from './interaction.ts';

/**
 * Leads a person on whose interaction does not go on. The browser that began it repeats the request: after a second
 * click, or with the back button, the session is there, and the application gets another answer. Another browser is
 * offered the application. One that keeps no cookies is told so, and so is one that lost those of a form.
 *
 * @throws HttpError 400 with links to the application.
 */
export async function leadOn(
  ctx: Context,
  dependencies: InteractionDependencies,
  { known, answer }: { known: Client | undefined; answer: InteractionOver['answer'] },
): Promise<void> {
  const { provider, issuer, https } = dependencies;
  const uid = String(ctx.params.uid);
  const found = await findInteraction(ctx, uid, { ...dependencies, provider: provider() });
  // The form of an interaction that was loaded is read already.
  const given = known ? {} : await givenParameters(ctx);
  const client = known ?? (await clientOf(given, found, dependencies));
  if (client) logClient(ctx.req, client.id, 'registered');
  logFacts(ctx.req, { detail: 'the interaction is over, or belongs to another browser' });
  if (client && found?.isOwn && answer !== 'no' && !declines(ctx, given)) {
    const goesOn = answer === 'go_on' || (ctx.method === 'POST' && ctx.path.endsWith('/account'));
    return repeat(ctx, { found, client, given, goesOn }, dependencies);
  }

  const links = client ? applicationLinks(client, issuer) : [];
  if (found?.isOpen && !found.isOwn) {
    const lost = isFormWithoutCookies(ctx);
    const keeps = keepsCookies(ctx, interactionAddress(uid, client?.id), { https, lost });
    if (keeps === undefined) return;
    if (!keeps) throw cookiesBlocked(ctx, issuer, { links });
    if (lost) throw cookiesLost(ctx, { links });
  }
  throw over(links);
}

/** Whether the form says no, to which a code must never be the answer. A form that was read before has no fields here. */
function declines({ method, path }: Context, { csrf, decision }: RequestParameters): boolean {
  if (method !== 'POST') return false;
  return path.endsWith('/abort') || (path.endsWith('/consent') && csrf !== undefined && decision !== 'allow');
}

/** Asks for the same authorization again. `goesOn`: the person chose to go on as who is signed in. */
async function repeat(
  ctx: Context,
  {
    found,
    client,
    given,
    goesOn,
  }: { found: KnownInteraction; client: Client; given: RequestParameters; goesOn: boolean },
  { provider, people, hints, sealedRequests }: InteractionDependencies,
): Promise<void> {
  // Its pages know by themselves what is due, whoever is signed in meanwhile.
  if (isAccountClient(client)) return redirect(ctx, accountAddress(client.instanceId));
  if (found.isOfDevice) {
    // The device says whether it got its answer. If it did not, its person types the code again.
    return redirect(ctx, PATHS.code_verification);
  }
  const session = await findSession(ctx, provider(), client.instanceId);
  const mustSignIn = await isOfAnother(given, session, people);
  const parameters = await repeatedRequest(found, session, { hints, mustSignIn, goesOn });
  repeatAsGet(ctx, {
    path: PATHS.authorization,
    // Nobody may change a request that its client had to push or sign.
    parameters:
      client.requirePushedAuthorizationRequests || client.requireSignedRequestObject
        ? { client_id: client.id, sealed_request: sealedRequests.sealParameters(parameters, client.id) }
        : parameters,
  });
}

/** Whether somebody typed another address than that of the person who is signed in meanwhile. */
async function isOfAnother(
  { email }: RequestParameters,
  { accountId }: Pick<Session, 'accountId'>,
  people: InteractionDependencies['people'],
): Promise<boolean> {
  const typed = singleValue(email);
  if (typed === undefined || accountId === undefined) return false;
  return !(await people.hasAddress(accountId, typed));
}

/** The interaction names its client. If it is gone, the page's address or form does. */
async function clientOf(
  given: RequestParameters,
  found: KnownInteraction | undefined,
  { provider }: Pick<InteractionDependencies, 'provider'>,
): Promise<Client | undefined> {
  const id = found?.params.client_id ?? singleValue(given.client_id);
  const registered = id === undefined ? undefined : await provider().Client.find(id);
  return registered && clientRecord(registered);
}

async function givenParameters(ctx: Context): Promise<RequestParameters> {
  return ctx.method === 'POST' ? readForm(ctx.req) : parseParameters(ctx.querystring);
}

const OVER =
  'It was open for too long, was already used, was one of too many from your network, or belongs to another browser.';
const BEGIN_AGAIN = 'To begin again, go back to the application and sign in there.';

function over(links: readonly PageLink[]): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: `${OVER} ${BEGIN_AGAIN}`,
    why: { reason: 'sign_in.over' },
    page: { title: 'This page is no longer valid', text: OVER, hint: BEGIN_AGAIN, links },
  });
}
