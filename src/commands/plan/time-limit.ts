import type { Database } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { Stop } from '../../platform/seeds/run/stop.ts';
import type { CommandContext, GivenOptions } from '../command.ts';

const DAY_SECONDS = 24 * 60 * 60;

/** The option, in milliseconds; 0: no limit. @throws OperatorError for what is no number of seconds. */
export function timeLimit({ options }: GivenOptions, fallbackSeconds: number): number {
  const { timeout = String(fallbackSeconds) } = options;
  if (!/^\d{1,5}$/.test(timeout) || Number(timeout) > DAY_SECONDS)
    throw new OperatorError(`--timeout is a number of seconds, at most ${DAY_SECONDS}; 0 is no limit.`);
  return Number(timeout) * 1000;
}

/**
 * Lets Ctrl-C end what the database does for `work`. The embedded database works in this process, which nothing can tell
 * so: there, Ctrl-C ends the process, and with it the transaction.
 */
export async function stoppedByCtrlC<T>(
  { kind, knex }: Pick<Database, 'kind' | 'knex'>,
  { onInterrupt }: CommandContext,
  work: (stop: { stop?: Stop }) => Promise<T>,
): Promise<T> {
  if (kind === 'embedded' || !onInterrupt) return work({});
  const aborted = new AbortController();
  const end = onInterrupt(() => aborted.abort());
  const cancel = async (pid: number) => knex.raw('SELECT pg_cancel_backend(?)', [pid]);
  try {
    return await work({ stop: { signal: aborted.signal, cancel } });
  } finally {
    end();
  }
}
