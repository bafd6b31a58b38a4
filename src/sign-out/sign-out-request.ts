import { mayReturnSignedOutTo } from '../clients/allowed-now.ts';
import type { Client } from '../clients/client.ts';
import { type RequestParameters, valueOnce } from '../http/input/parameters.ts';
import type { IdTokenHint } from '../oidc/id-token-hint.ts';
import { PATHS } from '../oidc/routes.ts';
import type { ErrorPage, HttpError } from '../platform/errors.ts';
import { claimed } from '../platform/log/claimed.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { refusedRequest } from '../refusals/refused-request.ts';
import { registered } from '../refusals/registered.ts';
import { shownAddress } from '../refusals/shown.ts';
import type { SignOutDependencies } from './dependencies.ts';

/** A checked request to sign out. */
export interface SignOutRequest {
  client: Client | undefined;
  /** A hint that this server signed. It proves that the client knows its person, and its session. */
  hint: IdTokenHint | undefined;
  returnTo: string | undefined;
  /** Whether the request has a hint that does not verify. Then no address that it gives for the return is used. */
  isHintInvalid: boolean;
  /** Set where the request names an address that the client has not registered. */
  returnRefused: Refusal | undefined;
  state: string | undefined;
  instanceId: string | undefined;
}

/** @throws HttpError 400, shown as a page, since nobody is redirected on a doubtful request. */
export async function readSignOutRequest(
  parameters: RequestParameters,
  { hints, clients }: Pick<SignOutDependencies, 'hints' | 'clients'>,
  noteClient: (id: string) => void,
): Promise<SignOutRequest> {
  const get = (name: string) => valueOnce(parameters, name, refusal);
  const hintText = get('id_token_hint');
  const clientId = get('client_id');
  const returnTo = get('post_logout_redirect_uri');

  // A hint that is not ours says nothing, not even which client asks. The client_id beside it decides only whose page
  // this is: it would have to be that of the hint (RP-Initiated Logout 1.0 sections 2 and 4).
  const hint = hintText ? await hints.verify(hintText) : undefined;
  const isHintInvalid = hintText !== undefined && hint === undefined;
  if (hint && clientId && hint.clientId !== clientId)
    throw refusal('The client_id is not the one that the id_token_hint was issued to.', {
      reason: 'logout.hint_of_another_client',
      came: { client_id: claimed(clientId) },
    });
  const named = hint?.clientId ?? clientId;
  const client = named ? await clients.find(named) : undefined;
  if (clientId && !client)
    throw refusal('This client_id is not known.', {
      reason: 'client.unknown',
      came: { client_id: claimed(clientId) },
    });

  // Without a client, the address cannot be checked, and the person stays here.
  if (client) noteClient(client.id);
  const allowed = client && returnTo ? mayReturnSignedOutTo(client, returnTo) : undefined;
  const mayReturn = allowed === true && !isHintInvalid;
  return {
    client,
    hint: client && hint,
    isHintInvalid,
    returnTo: mayReturn ? returnTo : undefined,
    returnRefused:
      client && returnTo && !allowed
        ? {
            reason: 'logout.return_not_registered',
            came: { post_logout_redirect_uri: shownAddress(returnTo) },
            expected: { post_logout_redirect_uri: registered(client.postLogoutRedirectUris) },
          }
        : undefined,
    state: get('state'),
    instanceId: client?.instanceId ?? get('instance'),
  };
}

/** A person signs out here all the same. */
export function refusal(message: string, why: Refusal): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message,
    why,
    page: {
      title: 'Signing out did not work',
      text: 'The application’s request to sign you out is not valid.',
      detail: message,
      links: [{ does: 'sign_out', href: PATHS.end_session }],
    },
  });
}

export const RETURN_REFUSED = 'This post_logout_redirect_uri is not registered for the application.';

/** Nobody is signed in, so that there is nothing to do. */
export function returnRefused(why: Refusal, ways: Pick<ErrorPage, 'links'>): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: RETURN_REFUSED,
    why,
    page: {
      title: 'You are not signed in',
      text: 'The application gave an address for your return that is not registered, so you stay here.',
      detail: RETURN_REFUSED,
      ...ways,
    },
  });
}
