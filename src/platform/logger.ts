import { type LoggerOptions, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * The process's logger: JSON lines on standard output. Callers pass only what may be seen; the `redact` list
 * is the second fence, for a header that slips through.
 */
export function createLogger({ level, destination }: { level: string; destination?: NodeJS.WritableStream }) {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
  };
  return destination ? pino(options, destination) : pino(options);
}
