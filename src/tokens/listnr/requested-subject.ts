import { isSubject } from '../claims/subject.ts';
import { invalidRequest } from './errors.ts';

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
