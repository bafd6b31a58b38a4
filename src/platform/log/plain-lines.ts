import { type Logger, symbols } from 'pino';
import { timeMember } from './line-time.ts';

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes a line with these fields. */
export type WriteLine = (level: 'debug' | 'info', fields: Fields, message: string) => void;

/** Text that JSON has as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * The same lines as `logger` writes, at the same place, for fields that need neither its serializers nor its redaction:
 * a line for each request is most of the log.
 */
export function plainLines(logger: Logger): WriteLine {
  const { [symbols.streamSym]: place } = logger as unknown as { [symbols.streamSym]?: NodeJS.WritableStream };
  if (!place) return (level, fields, message) => logger[level](fields, message);
  return (level, fields, message) => {
    if (!logger.isLevelEnabled(level)) return;
    let line = `{"level":"${level}"${timeMember()}`;
    for (const name in fields) {
      const value = fields[name];
      if (typeof value === 'string') line += `,"${name}":${quoted(value)}`;
      else if (value !== undefined) line += `,"${name}":${value}`;
    }
    place.write(`${line},"msg":${quoted(message)}}\n`);
  };
}

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
