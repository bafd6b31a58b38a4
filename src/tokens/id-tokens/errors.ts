import type { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { shown, shownAddress } from '../../refusals/shown.ts';

/** An ID token that is not accepted. The message tells the presenter why; it has no quotation mark. */
export class IdTokenRefused extends Error {
  readonly why: Refusal;

  constructor(message: string, why: Refusal, cause?: unknown) {
    super(message, { cause });
    this.name = 'IdTokenRefused';
    this.why = why;
  }
}

/** The keys of an external issuer cannot be fetched. That is the issuer's fault, and another try may work. */
export function issuerUnavailable(jwksUri: string, cause: unknown): HttpError {
  const why: Refusal = {
    reason: 'id_token.keys_unavailable',
    came: { jwks_uri: shownAddress(jwksUri), error: shown(cause instanceof Error ? cause.message : cause) },
  };
  return refusedRequest({
    status: 503,
    code: 'temporarily_unavailable',
    message: "The keys of the ID token's issuer cannot be fetched just now. Try again in a few seconds.",
    headers: { 'Retry-After': '5' },
    why,
    cause,
  });
}
