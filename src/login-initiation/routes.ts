/**
 * Initiating a sign-in from a third party (OpenID Connect Core 1.0 section 4): a portal, a mail or a bookmark links to
 * one address here, and the browser is led to the address at which the application begins. Anybody may write such a
 * link, so it leads to registered addresses alone, reads no cookie, and leaves nothing behind.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { type Initiation, initiationAddress } from '../clients/application-links.ts';
import type { Client } from '../clients/client.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { parseParameters, type RequestParameters, valueOnce } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { logClaim, logClient } from '../http/records/log-fields.ts';
import { createRouter } from '../http/routing.ts';
import type { ErrorPage, HttpError } from '../platform/errors.ts';
import { claimed } from '../platform/log/claimed.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { refusedRequest } from '../refusals/refused-request.ts';
import { registered } from '../refusals/registered.ts';
import { shownAddress } from '../refusals/shown.ts';

const START = '/auth/start';

/** An e-mail address has 254 at most; an identifier of another system may be longer. */
const LONGEST_HINT_BYTES = 512;

interface LoginInitiationDependencies {
  issuer: string;
  clients: Pick<ClientStore, 'find'>;
}

export function loginInitiationRoutes(dependencies: LoginInitiationDependencies): Router {
  const router = createRouter();
  router.get(START, (ctx) => lead(ctx, parseParameters(ctx.querystring), dependencies));
  return router;
}

/** @throws HttpError 400, shown as a page, since nobody is led on by a doubtful link. */
async function lead(
  ctx: Context,
  parameters: RequestParameters,
  { issuer, clients }: LoginInitiationDependencies,
): Promise<void> {
  const get = (name: string) => valueOnce(parameters, name, refusal);
  const clientId = get('client_id');
  if (clientId === undefined)
    throw refusal('The parameter client_id is missing.', {
      reason: 'parameter.missing',
      expected: { parameter: ['client_id'] },
    });
  logClaim(ctx.req, clientId);
  const client = await clients.find(clientId);
  if (!client)
    throw refusal('This client_id is not known.', {
      reason: 'client.unknown',
      came: { client_id: claimed(clientId) },
    });
  logClient(ctx.req, client.id, 'registered');

  const loginHint = get('login_hint');
  if (Buffer.byteLength(loginHint ?? '') > LONGEST_HINT_BYTES)
    throw refusal(`The login_hint is longer than ${LONGEST_HINT_BYTES} bytes.`, {
      reason: 'start.login_hint_too_long',
    });
  const address = initiationAddress(client, {
    iss: issuer,
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...targetOf(client, get('target_link_uri')),
  });
  if (address === undefined) throw beginsElsewhere();
  redirect(ctx, address);
}

/** A link that a stranger chose would make the application an open redirector, so only a registered one is passed on. */
function targetOf(
  { targetLinkUris }: Pick<Client, 'targetLinkUris'>,
  uri: string | undefined,
): Pick<Initiation, 'target_link_uri'> {
  if (uri === undefined) return {};
  if (!targetLinkUris.includes(uri))
    throw refusal('This target_link_uri is not registered for the application.', {
      reason: 'start.target_not_registered',
      came: { target_link_uri: shownAddress(uri) },
      expected: { target_link_uri: registered(targetLinkUris) },
    });
  return { target_link_uri: uri };
}

function beginsElsewhere(): HttpError {
  return refusal(
    'The application has no initiate_login_uri.',
    { reason: 'start.nowhere_to_begin' },
    {
      title: 'Begin in the application',
      text: 'No link from elsewhere begins a sign-in there.',
    },
  );
}

/** Where the application is known, the page leads to it (interactions/page-owner.ts). */
function refusal(message: string, why: Refusal, page: ErrorPage = {}): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message,
    why,
    page: {
      title: 'This link cannot be used',
      text: 'It does not begin a sign-in as it is.',
      hint: 'Open your application, and sign in there.',
      detail: message,
      ...page,
    },
  });
}
