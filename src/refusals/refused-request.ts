import { HttpError, type HttpErrorOptions } from '../platform/errors.ts';
import type { Refusal } from './reasons.ts';

/** An error with an answer that says why, from the list of reasons. */
export function refusedRequest(options: HttpErrorOptions & { why: Refusal }): HttpError {
  return new HttpError(options);
}
