/** A pipe takes this much whole or not at all (PIPE_BUF of Linux), so the lines of two processes stay whole, too. */
export const PIPE_PIECE_BYTES = 4096;
/** No line of a file is torn by another process. */
export const FILE_PIECE_BYTES = 65_536;
/** About ten thousand lines. */
export const MOST_WAITING_BYTES = 4 * 1024 * 1024;
const AGAIN_MS = 10;
const AFTER_FAULT_MS = 1000;
/**
 * About two seconds, which is less than a primary gives its workers beyond their own limits. Counted, so that a busy
 * machine gives up no sooner.
 */
export const LAST_ATTEMPTS = 200;
const FATAL = '{"level":"fatal"';

interface Piece {
  text: string;
  bytes: number;
  /** The bytes of it that are written. */
  written: number;
}

export interface LineWriterOptions {
  /** Writes at once what it can, and returns the number of bytes. @throws `EAGAIN` if the reader must read first. */
  write(bytes: string | Uint8Array): number;
  /** The most bytes of a write that has more than one line. */
  pieceBytes: number;
  /** The line that says how many were left out. */
  omission(unlogged: number): string;
}

/**
 * Writes the lines of the log, those of one turn of the event loop together, in their order. While the reader takes
 * nothing, lines wait, and the process goes on. When too many wait, the next ones are left out and counted, until the
 * waiting ones are written; a fatal one is never left out.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #pieces: Piece[] = [];
  #waitingBytes = 0;
  #unlogged = 0;
  #scheduled = false;
  #finished = false;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    const isFull = this.#unlogged > 0 || this.#waitingBytes + bytes > MOST_WAITING_BYTES;
    if (!isFull) this.#append(line, bytes);
    else if (line.startsWith(FATAL)) {
      this.#appendOmission();
      this.#append(line, bytes);
    } else this.#unlogged += 1;
    if (this.#finished) this.#writeOut();
    else if (!this.#scheduled) setImmediate(this.#turn);
    this.#scheduled = true;
  }

  /** Writes what waits before the process ends; it waits for a reader that reads, and not long for one that does not. */
  finish(): void {
    this.#finished = true;
    const never = new Int32Array(new SharedArrayBuffer(4));
    for (let vain = 0; vain < LAST_ATTEMPTS; vain += 1) {
      const before = this.#waitingBytes;
      if (!isUnread(this.#writeOut())) return;
      if (this.#waitingBytes < before) vain = 0;
      Atomics.wait(never, 0, 0, AGAIN_MS);
    }
  }

  readonly #turn = (): void => {
    const error = this.#writeOut();
    this.#scheduled = error !== undefined;
    // No error is the last one: a disk gets room again, and a named pipe a new reader.
    if (error) setTimeout(this.#turn, isUnread(error) ? AGAIN_MS : AFTER_FAULT_MS).unref();
  };

  /** @returns the error that left lines waiting. */
  #writeOut(): unknown {
    for (;;) {
      if (this.#pieces.length === 0) this.#appendOmission();
      const [piece] = this.#pieces;
      if (!piece) return undefined;
      const { text, written } = piece;
      try {
        const count = this.#options.write(written === 0 ? text : Buffer.from(text).subarray(written));
        piece.written += count;
        this.#waitingBytes -= count;
      } catch (error) {
        return error;
      }
      if (piece.written >= piece.bytes) this.#pieces.shift();
    }
  }

  #append(line: string, bytes: number): void {
    const last = this.#pieces.at(-1);
    this.#waitingBytes += bytes;
    if (last && last.written === 0 && last.bytes + bytes <= this.#options.pieceBytes) {
      last.text += line;
      last.bytes += bytes;
    } else this.#pieces.push({ text: line, bytes, written: 0 });
  }

  #appendOmission(): void {
    if (this.#unlogged === 0) return;
    const line = this.#options.omission(this.#unlogged);
    this.#unlogged = 0;
    this.#append(line, Buffer.byteLength(line));
  }
}

/** Whether the reader must read first. */
function isUnread(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EAGAIN';
}
