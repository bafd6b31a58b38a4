import { type Logger, type LoggerOptions, pino } from 'pino';
import { prettyLines } from './pretty-lines.ts';

export type { Logger } from 'pino';

/**
 * The process's logger: JSON lines on standard output, or lines for people where that is a terminal. Callers pass only
 * fields that may be seen; the `redact` list catches a header that slips through.
 */
export function createLogger({
  level,
  destination = process.stdout,
}: {
  level: string;
  destination?: NodeJS.WritableStream & { isTTY?: boolean; fd?: number };
}): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
  };
  if (destination.isTTY) return pino(options, prettyLines(destination));
  // A file descriptor is written to at once, so that the last line before an exit is not lost.
  const { fd } = destination;
  return pino(options, fd === undefined ? destination : pino.destination({ dest: fd, sync: true }));
}

/**
 * A log for frequent events. It writes at most `perSecond` lines a second; the next line counts the omitted ones as
 * `unlogged`.
 */
export function boundedLog(
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  { level, perSecond }: { level: 'info' | 'warn' | 'error'; perSecond: number },
): (fields: Record<string, unknown>, message: string) => void {
  let second = 0;
  let lines = 0;
  let unlogged = 0;
  return (fields, message) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, lines] = [now, 0];
    lines += 1;
    if (lines > perSecond) {
      unlogged += 1;
      return;
    }
    logger[level]({ ...fields, ...(unlogged > 0 ? { unlogged } : {}) }, message);
    unlogged = 0;
  };
}
