import { format, stripVTControlCharacters } from 'node:util';
import type { Logger } from './logger.ts';

/** The protocol library says so of every form that it did not read itself, which is how it is meant here. */
const OF_NO_USE = /already parsed request body detected/;

/**
 * Puts what Node and libraries would print into the log, so that each line of a process is one of the log: their
 * notices on the console, warnings of Node, and an error that nobody caught, which ends the process.
 */
export function logNotices(logger: Pick<Logger, 'info' | 'warn' | 'error' | 'fatal' | 'debug'>): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) console[level] = noticeTo(logger, level);
  console.log = noticeTo(logger, 'info');
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => logger.warn({ warning: name }, message));
  process.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'uncaught error');
    process.exit(1);
  });
}

function noticeTo(
  logger: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>,
  level: 'info' | 'warn' | 'error' | 'debug',
) {
  return (...words: unknown[]) => {
    const notice = stripVTControlCharacters(format(...words));
    logger[OF_NO_USE.test(notice) ? 'debug' : level](notice);
  };
}
