import { fstatSync, writeSync } from 'node:fs';
import { type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import { timeMember } from './line-time.ts';
import { FILE_PIECE_BYTES, LineWriter, PIPE_PIECE_BYTES } from './line-writer.ts';
import { prettyLines } from './pretty-lines.ts';
import { sourceStack } from './source-stack.ts';

export type { Logger } from 'pino';

type Destination = NodeJS.WritableStream & {
  isTTY?: boolean;
  fd?: number;
  /** Node's, of a pipe or socket. */
  _handle?: { setBlocking?(blocking: boolean): void } | null;
};

/**
 * The process's logger: JSON lines on standard output, or lines for people where that is a terminal. Callers pass only
 * fields that may be seen; the `redact` list catches a header that slips through.
 */
export function createLogger({
  level,
  destination = process.stdout,
}: {
  level: string;
  destination?: Destination;
}): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: timeMember,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describedError },
    redact: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
  };
  if (destination.isTTY) return pino(options, prettyLines(destination));
  const { fd } = destination;
  return pino(options, fd === undefined ? destination : lineWriterOf(destination, fd));
}

function describedError(error: Error): unknown {
  const described = stdSerializers.err(error);
  return typeof described.stack === 'string'
    ? { ...described, stack: sourceStack(described.stack) }
    : described;
}

/** Loggers with the same destination share a writer, which keeps the order of their lines. */
const writers = new WeakMap<Destination, LineWriter>();

function lineWriterOf(destination: Destination, fd: number): LineWriter {
  const known = writers.get(destination);
  if (known) return known;
  const writer = new LineWriter({
    write(bytes) {
      // Our processes share the pipe. Each that starts or ends makes it block again, for all of them.
      destination._handle?.setBlocking?.(false);
      return typeof bytes === 'string' ? writeSync(fd, bytes) : writeSync(fd, bytes);
    },
    pieceBytes: fstatSync(fd).isFile() ? FILE_PIECE_BYTES : PIPE_PIECE_BYTES,
    omission: (unlogged) =>
      `{"level":"error"${timeMember()},"unlogged":${unlogged},"msg":"the log was not read, and lines were left out"}\n`,
  });
  writers.set(destination, writer);
  process.once('exit', () => writer.finish());
  return writer;
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
