import { mayBeAnsweredBy, mayReturnTo } from '../../clients/allowed-now.ts';
import type { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { registered } from '../../refusals/registered.ts';
import { shownAddress } from '../../refusals/shown.ts';
import type { RequestContext } from '../request-context.ts';

type Params = Partial<Record<'redirect_uri' | 'response_mode' | 'code_challenge', string>>;

/**
 * The library checks the address, the way of the answer and PKCE only where an authorization begins.
 * @throws HttpError 400 when the application's registration no longer has the address to which the person would return,
 *   or asks for more by now.
 */
export function refuseChangedRegistration({ client, interaction }: RequestContext): void {
  const params: Params = interaction?.artifact.payload.params ?? {};
  const { redirect_uri, response_mode = 'query', code_challenge } = params;
  if (!client || redirect_uri === undefined) return;
  if (!mayReturnTo(client, redirect_uri))
    throw stopped('The application does not use the address any more to which you would return', {
      reason: 'registration.address_removed',
      came: { redirect_uri: shownAddress(redirect_uri) },
      expected: { redirect_uri: registered(client.redirectUris) },
    });
  const hasChallenge = code_challenge !== undefined || !client.requirePkce;
  if (!hasChallenge || !mayBeAnsweredBy(client, response_mode))
    throw stopped(
      'The registration of the application has changed',
      { reason: 'registration.demands_more' },
      ' since you began to sign in',
    );
}

function stopped(what: string, why: Refusal, since = ''): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: `${what}, so your sign-in stops here. Go back to the application and sign in again.`,
    why,
    page: {
      title: 'You cannot go on from here',
      text: `${what}${since}.`,
      hint: 'Sign in again there.',
    },
  });
}
