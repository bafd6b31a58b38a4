import { type Logger, symbols } from 'pino';
import { timeMember } from './line-time.ts';

export type PlainValue = string | number | boolean;

/** Writes a line with these members, each made by `member`. */
export type WriteLine = (level: 'debug' | 'info', members: string, message: string) => void;

/** Text that JSON has as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A member of a line, with the comma before it. */
export function member(name: string, value: PlainValue): string {
  return typeof value === 'string' ? `,"${name}":${quoted(value)}` : `,"${name}":${value}`;
}

/**
 * The same lines as `logger` writes, at the same place, for fields that need neither its serializers nor its redaction:
 * a line for each request is most of the log.
 */
export function plainLines(logger: Logger): WriteLine {
  const { [symbols.streamSym]: place } = logger as unknown as {
    [symbols.streamSym]: { write(line: string): void };
  };
  return (level, members, message) => {
    if (logger.isLevelEnabled(level))
      place.write(`{"level":"${level}"${timeMember()}${members},"msg":${quoted(message)}}\n`);
  };
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
