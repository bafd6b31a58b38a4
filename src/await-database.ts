import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseUnavailable } from './platform/database-errors.ts';
import { DatabaseAwayError, OperatorError } from './platform/errors.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
const SAY_EVERY_MS = 60_000;

/**
 * Repeats `attempt`, with growing pauses, until the database is there. Calls `onAway` once, and `say` with a sentence
 * at once and then every minute.
 * @throws an error that waiting does not mend.
 */
export async function awaitDatabase<T>(
  attempt: () => Promise<T>,
  {
    say,
    onAway,
    pause = sleep,
    now = () => performance.now(),
  }: {
    say(sentence: string): void;
    onAway(): void;
    /** Both in milliseconds. */
    pause?(ms: number): Promise<unknown>;
    now?(): number;
  },
): Promise<T> {
  let said = Number.NEGATIVE_INFINITY;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (said === Number.NEGATIVE_INFINITY) onAway();
      if (now() - said >= SAY_EVERY_MS) {
        said = now();
        say(sentence(error));
      }
    }
    await pause(pauseMs);
  }
}

/** Explains a failed seed to its author, unless the database went away. A server that may not connect does not wait. */
function isAway(error: unknown): boolean {
  if (!(error instanceof OperatorError) || error instanceof DatabaseAwayError)
    return isDatabaseUnavailable(error);
  return /^(?!28|3D)[0-9A-Z]{5}$/.test(codeOf(error.cause)) && isDatabaseUnavailable(error.cause);
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '');
}

function sentence(error: unknown): string {
  if (error instanceof DatabaseAwayError) return error.message;
  const { cause, name } = error as Error;
  return `The database went away while this server was starting (${codeOf(error) || codeOf(cause) || name}).`;
}
