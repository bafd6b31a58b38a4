import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { whyProofRefused } from '../../clients/proofs/dpop-proof.ts';
import { claimed } from '../../platform/log/claimed.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown, shownAddress } from '../../refusals/shown.ts';
import { whyInvalid } from './invalid-request.ts';
import { whyAcrNotReached, whyDenied, whyPersonNeeded } from './person-needed.ts';
import { reasonOf } from './refused-because.ts';
import { type RefusedRequest, refusedRequest } from './refused-request.ts';
import { RESPONSE_MODES } from './request-vocabulary.ts';

/**
 * Why a request was refused. Errors of this server say so themselves. For those of the library, their class and a
 * second look at the request and the client's registration do: after the fact, so no request that succeeds pays for it.
 */
export function whyRefused(error: Error, ctx: KoaContextWithOIDC, now: Date): Refusal {
  try {
    return reasonOf(error) ?? whyLibraryRefused(error, refusedRequest(ctx, now));
  } catch {
    // A second look that fails must not make a failure of ours out of a refusal.
    return FALLBACK;
  }
}

type ErrorClass = abstract new (...parameters: never[]) => Error;

/** By the class of the library's error. Classes stand before those that they extend. */
const BY_CLASS: readonly (readonly [ErrorClass, (request: RefusedRequest) => Refusal])[] = [
  [errors.InvalidClient, unknownClient],
  [errors.InvalidRedirectUri, unregisteredAddress],
  [errors.UnsupportedResponseType, ofOne('response_type.not_supported', 'response_type', ['code'])],
  [errors.UnsupportedResponseMode, ofOne('response_mode.not_supported', 'response_mode', RESPONSE_MODES)],
  [errors.InvalidScope, ofOne('scope.malformed', 'scope')],
  [errors.RegistrationNotSupported, () => ({ reason: 'registration.not_supported' })],
  [errors.RequestUriNotSupported, unsupportedRequestUri],
  [errors.InvalidRequestUri, () => ({ reason: 'request_uri.not_valid' })],
  [errors.SessionNotFound, () => ({ reason: 'sign_in.over' })],
  [errors.UnmetAuthenticationRequirements, whyAcrNotReached],
  [errors.LoginRequired, whyPersonNeeded],
  [errors.ConsentRequired, whyPersonNeeded],
  [errors.InteractionRequired, whyPersonNeeded],
  [errors.AccessDenied, whyDenied],
  [errors.InvalidDpopProof, ({ proof, url, now }) => whyProofRefused(proof, { method: 'POST', url, now })],
  [errors.InvalidRequest, whyInvalid],
];

/** The same for an error of the library, without its context. */
export function whyLibraryRefused(error: Error, request: RefusedRequest): Refusal {
  const [, why = () => FALLBACK] = BY_CLASS.find(([of]) => error instanceof of) ?? [];
  return why(request);
}

/** For an error that nobody recognizes. */
const FALLBACK: Refusal = { reason: 'request.refused' };

function ofOne(
  reason: Refusal['reason'],
  name: string,
  expected?: readonly string[],
): (request: RefusedRequest) => Refusal {
  return ({ sent }) => ({
    reason,
    ...(sent[name] === undefined ? {} : { came: { [name]: shown(sent[name]) } }),
    ...(expected ? { expected: { [name]: expected } } : {}),
  });
}

function unknownClient({ sent }: RefusedRequest): Refusal {
  return { reason: 'client.unknown', came: { client_id: claimed(String(sent.client_id)) } };
}

function unregisteredAddress({ sent, client }: RefusedRequest): Refusal {
  return {
    reason: 'redirect_uri.not_registered',
    came: { redirect_uri: shownAddress(sent.redirect_uri) },
    ...(client ? { expected: { redirect_uri: registered(client.redirectUris) } } : {}),
  };
}

/** At the endpoint for pushing, no request_uri is taken, and it may be one that was given. */
function unsupportedRequestUri({ sent, route }: RefusedRequest): Refusal {
  const isForeign = route === 'authorization';
  return {
    reason: 'request_uri.not_supported',
    ...(isForeign ? { came: { request_uri: shownAddress(sent.request_uri) } } : {}),
  };
}
