import { HttpError } from '../../platform/errors.ts';

export type Scheme = 'basic' | 'bearer';

const REALM = 'realm="listnr-token-provider"';

/** How to authenticate (RFC 7617 section 2, RFC 6750 section 3). */
const CHALLENGES: Record<Scheme, string> = {
  basic: `Basic ${REALM}, charset="UTF-8"`,
  bearer: `Bearer ${REALM}`,
};

export function invalidRequest(message: string): HttpError {
  return new HttpError({ status: 400, code: 'invalid_request', message });
}

export function unsupportedMediaType(): HttpError {
  return new HttpError({
    status: 415,
    code: 'invalid_request',
    message: 'The body must be application/json.',
  });
}

export function invalidScope(message: string): HttpError {
  return new HttpError({ status: 400, code: 'invalid_scope', message });
}

/** The client did not authenticate. `schemes` are the ones it may try. */
export function invalidClient(message: string, ...schemes: Scheme[]): HttpError {
  return new HttpError({
    status: 401,
    code: 'invalid_client',
    message,
    headers: { 'WWW-Authenticate': schemes.map((scheme) => CHALLENGES[scheme]).join(', ') },
  });
}

/** The challenge repeats `message` (RFC 6750 section 3), so `message` has no quotation mark and no backslash. */
export function invalidToken(message: string, cause?: unknown): HttpError {
  return new HttpError({
    status: 401,
    code: 'invalid_token',
    message,
    headers: {
      'WWW-Authenticate': `${CHALLENGES.bearer}, error="invalid_token", error_description="${message}"`,
    },
    cause,
  });
}

export function unauthorizedClient(message: string): HttpError {
  return new HttpError({ status: 403, code: 'unauthorized_client', message });
}
