import { DatabaseAwayError, HttpError, type Why } from './errors.ts';
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

const DATABASE_AWAY: Why = { reason: 'service.database_away' };

/** The answer while the database, or what `why` says, is away: 503, with a time to try again. */
export function unavailable(cause: unknown, why = DATABASE_AWAY): HttpError {
  return new HttpError({
    status: 503,
    code: 'temporarily_unavailable',
    message: 'The service is briefly unavailable. Please try again in a few seconds.',
    headers: { 'Retry-After': '5' },
    why,
    cause,
  });
}
