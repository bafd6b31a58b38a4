import { withoutStatement } from '../database-errors.ts';
import type { Logger } from './logger.ts';

const SAY_EVERY_MS = 60_000;

/** Reports that the database does not serve, in one line a minute and process, whoever notices it. */
export interface OutageLog {
  /** Reports an error that says so (`isDatabaseUnavailable`). */
  report(error: unknown): void;
  /** The database answers. */
  over(): void;
}

const logs = new WeakMap<object, OutageLog>();

/** The outage log of a process, which has one logger. */
export function outageLogOf(logger: Pick<Logger, 'error' | 'info'>): OutageLog {
  const known = logs.get(logger) ?? createOutageLog(logger);
  logs.set(logger, known);
  return known;
}

export function createOutageLog(
  logger: Pick<Logger, 'error' | 'info'>,
  /** In milliseconds. */
  now: () => number = () => performance.now(),
): OutageLog {
  /** When the outage began that has a line. */
  let since: number | undefined;
  let said = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return {
    report(error) {
      if (now() - said < SAY_EVERY_MS) {
        unlogged += 1;
        return;
      }
      said = now();
      since ??= said;
      const detail = withoutStatement(error as Error);
      logger.error({ detail, ...(unlogged > 0 ? { unlogged } : {}) }, 'the database is away');
      unlogged = 0;
    },
    over() {
      if (since === undefined) return;
      const seconds = Math.round((now() - since) / 1000);
      logger.info({ seconds, ...(unlogged > 0 ? { unlogged } : {}) }, 'the database is there again');
      since = undefined;
      unlogged = 0;
    },
  };
}
