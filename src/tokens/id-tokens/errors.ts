import { HttpError } from '../../platform/errors.ts';

/** An ID token that is not accepted. The message tells the presenter why; it has no quotation mark. */
export class IdTokenRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'IdTokenRefused';
  }
}

/** The keys of an external issuer cannot be fetched. That is the issuer's fault, and another try may work. */
export function issuerUnavailable(cause: unknown): HttpError {
  return new HttpError({
    status: 503,
    code: 'temporarily_unavailable',
    message: "The keys of the ID token's issuer cannot be fetched just now. Try again in a few seconds.",
    headers: { 'Retry-After': '5' },
    cause,
  });
}
