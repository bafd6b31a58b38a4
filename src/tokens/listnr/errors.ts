import type { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';

export type Scheme = 'basic' | 'bearer';

const REALM = 'realm="listnr-token-provider"';

/** How to authenticate (RFC 7617 section 2, RFC 6750 section 3). */
const CHALLENGES: Record<Scheme, string> = {
  basic: `Basic ${REALM}, charset="UTF-8"`,
  bearer: `Bearer ${REALM}`,
};

export function invalidRequest(message: string, why: Refusal): HttpError {
  return refusedRequest({ status: 400, code: 'invalid_request', message, why });
}

export function unsupportedMediaType(): HttpError {
  return refusedRequest({
    status: 415,
    code: 'invalid_request',
    message: 'The body must be application/json.',
    why: { reason: 'body.other_type', expected: { 'content-type': 'application/json' } },
  });
}

export function invalidScope(message: string, why: Refusal): HttpError {
  return refusedRequest({ status: 400, code: 'invalid_scope', message, why });
}

/** The client did not authenticate. `schemes` are the ones it may try. */
export function invalidClient(message: string, why: Refusal, ...schemes: Scheme[]): HttpError {
  return refusedRequest({
    status: 401,
    code: 'invalid_client',
    message,
    headers: { 'WWW-Authenticate': schemes.map((scheme) => CHALLENGES[scheme]).join(', ') },
    why,
  });
}

/** The challenge repeats `message` (RFC 6750 section 3), so `message` has no quotation mark and no backslash. */
export function invalidToken(message: string, why: Refusal, cause?: unknown): HttpError {
  return refusedRequest({
    status: 401,
    code: 'invalid_token',
    message,
    headers: {
      'WWW-Authenticate': `${CHALLENGES.bearer}, error="invalid_token", error_description="${message}"`,
    },
    why,
    cause,
  });
}

export function unauthorizedClient(message: string, why: Refusal): HttpError {
  return refusedRequest({ status: 403, code: 'unauthorized_client', message, why });
}
