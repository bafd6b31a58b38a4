import type { RefusalReason } from '../../authentication/sign-in-result.ts';
import { HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';

/** The page that tells a person why they could not sign in through the customer's own provider. */
export function upstreamRefusal(
  reason: RefusalReason,
  { cause, retryAt, why }: { cause?: unknown; retryAt?: string; why?: Refusal | undefined } = {},
): HttpError {
  const retry = retryAt === undefined ? {} : { retryAt };
  switch (reason) {
    case 'upstream_unavailable':
      return new HttpError({
        ...(why ? { why } : {}),
        status: 503,
        code: 'temporarily_unavailable',
        message: 'Your company’s sign-in service cannot be reached just now. Please try again in a moment.',
        headers: { 'Retry-After': '10' },
        page: {
          ...retry,
          text: 'Your company’s sign-in service cannot be reached. If it stays like this, tell your administrator.',
        },
        cause,
      });
    case 'unknown_person':
    case 'disabled':
      return new HttpError({
        ...(why ? { why } : {}),
        status: 403,
        code: 'access_denied',
        message:
          'You signed in at your company, but have no access here. Please ask your administrator for it.',
        page: { text: 'Signing in at your company worked. Ask your administrator for access.' },
      });
    default:
      return new HttpError({
        ...(why ? { why } : {}),
        status: 400,
        code: 'invalid_request',
        message:
          'The answer of your company’s sign-in service could not be used. Please go back to the application and sign in again.',
        page: {
          ...retry,
          title: 'Your company’s answer cannot be used',
          text: 'If this comes back, tell your administrator.',
          hint: 'To sign in again, go back to the application.',
        },
      });
  }
}
