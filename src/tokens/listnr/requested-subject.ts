import { isSubject } from '../claims/subject.ts';
import { invalidRequest } from './errors.ts';

/**
 * The `sub` for a client that authenticated itself: the requested one, or the client's default.
 * @throws HttpError 400 `invalid_request`.
 */
export function requestedSubject(subject: unknown, defaultSubject: string | null): string {
  const value = subject ?? defaultSubject;
  if (value === null)
    throw invalidRequest('subject is required: this client has no default subject.', {
      reason: 'listnr.subject_missing',
    });
  if (isSubject(value)) return value;
  throw invalidRequest('subject must be a string of 1 to 255 characters without control characters.', {
    reason: 'listnr.subject_malformed',
    came: { subject: kindOf(value) },
  });
}

/** A subject may be a person's address, so nothing of it is kept. */
function kindOf(subject: unknown): string {
  return typeof subject === 'string'
    ? `a text of ${subject.length} characters`
    : `no text: ${typeof subject}`;
}
