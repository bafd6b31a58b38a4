import { invalidRequest } from './errors.ts';

/** OpenID Connect Core section 2 allows a `sub` of 255 characters. No character may break a line or a log. */
const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u;

/** Whether a value can be the `sub` of a token. */
export function isSubject(value: unknown): value is string {
  return typeof value === 'string' && SUBJECT.test(value) && value.trim() !== '';
}

/**
 * The `sub` for a client that authenticated itself: the requested one, or the client's default.
 * @throws HttpError 400 `invalid_request`.
 */
export function requestedSubject(subject: unknown, defaultSubject: string | null): string {
  const value = subject ?? defaultSubject;
  if (value === null) throw invalidRequest('subject is required: this client has no default subject.');
  if (isSubject(value)) return value;
  throw invalidRequest('subject must be a string of 1 to 255 characters without control characters.');
}
