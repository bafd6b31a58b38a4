import { DatabaseAwayError, HttpError } from './errors.ts';
import { sortOf } from './postgres/sqlstates.ts';

/** True when the error says that the database is unavailable just now; false when the statement is wrong. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (error instanceof DatabaseAwayError) return true;
  const sort = sortOf(error);
  return sort !== undefined && sort !== 'ours';
}

/** The database's own message, without the statement that knex puts before it. */
export function withoutStatement({ message }: Error): string {
  return message.split(' - ').at(-1) ?? message;
}

/** The answer while the database is away: 503, with a time to try again. */
export function unavailable(cause: unknown): HttpError {
  return new HttpError({
    status: 503,
    code: 'temporarily_unavailable',
    message: 'The service is briefly unavailable. Please try again in a few seconds.',
    headers: { 'Retry-After': '5' },
    cause,
  });
}
