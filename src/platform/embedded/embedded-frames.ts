const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
/** Postgres's own limits for the first packet and for every other message. */
const STARTUP_LIMIT = 10_000;
const MESSAGE_LIMIT = 2 ** 30 - 1;

/** A unit that a client sends: messages to run, or a message about the connection itself. */
export type Frame = Batch | 'negotiation' | 'end';

export interface Batch {
  messages: Buffer[];
  /**
   * `opening` is the first packet. Postgres answers `complete` with ReadyForQuery; after `partial`, which ends with a
   * flush, more messages follow.
   */
  kind: 'opening' | 'complete' | 'partial';
}

/** Cuts the bytes of one connection into frames. `push` throws on bytes that are not the Postgres protocol. */
export function createFramer(): { push(chunk: Buffer): Generator<Frame> } {
  let parts: Buffer[] = [];
  let size = 0;
  let needed = 0;
  let started = false;
  let messages: Buffer[] = [];

  const frameOf = (message: Buffer): Frame | undefined => {
    if (!started) {
      const code = message.readInt32BE(4);
      if (code === CANCEL_REQUEST) return 'end';
      if (code === SSL_REQUEST || code === GSS_REQUEST) return 'negotiation';
      started = true;
      return { messages: [message], kind: 'opening' };
    }
    const type = typeOf(message);
    if (type === 'X') return 'end';
    messages.push(message);
    if (!'SQFH'.includes(type)) return undefined;
    const batch: Batch = { messages, kind: type === 'H' ? 'partial' : 'complete' };
    messages = [];
    return batch;
  };

  return {
    *push(chunk) {
      parts.push(chunk);
      size += chunk.length;
      // A large message arrives in many chunks, which are joined once, when the last one is there.
      if (size < needed) return;
      let rest = Buffer.concat(parts);
      while (true) {
        needed = lengthOfNext(rest, started);
        if (rest.length < needed) break;
        const frame = frameOf(rest.subarray(0, needed));
        rest = rest.subarray(needed);
        if (frame) yield frame;
      }
      parts = [rest];
      size = rest.length;
    },
  };
}

/** The length of the message at the start of `bytes`, or of its head while the message's length is not known. */
function lengthOfNext(bytes: Buffer, started: boolean): number {
  const head = started ? 5 : 8;
  if (bytes.length < head) return head;
  const length = started ? 1 + bytes.readInt32BE(1) : bytes.readInt32BE(0);
  if (length < head || length > (started ? MESSAGE_LIMIT : STARTUP_LIMIT))
    throw new Error('These bytes are not the Postgres protocol.');
  return length;
}

/**
 * Keeps the prepared statements of connections apart, since all connections share one session: each statement name in
 * a message gets the connection's prefix.
 */
export function createStatementNames(prefix: string): {
  apply(message: Buffer): Buffer;
  /** Messages that close all statements this connection prepared. */
  closing(): Buffer[];
} {
  const prepared = new Set<string>();
  return {
    apply(message) {
      const offset = statementNameOffset(message);
      const name = offset === undefined ? '' : message.toString('utf8', offset, message.indexOf(0, offset));
      if (offset === undefined || name === '') return message;
      if (typeOf(message) === 'P') prepared.add(prefix + name);
      return inserted(message, offset, prefix);
    },
    closing: () => [...prepared].map((name) => messageOf('C', `S${name}\0`)),
  };
}

function statementNameOffset(message: Buffer): number | undefined {
  switch (typeOf(message)) {
    case 'P':
      return 5;
    case 'B':
      return message.indexOf(0, 5) + 1;
    case 'D':
    case 'C':
      return message[5] === 'S'.charCodeAt(0) ? 6 : undefined;
    default:
      return undefined;
  }
}

function inserted(message: Buffer, offset: number, text: string): Buffer {
  const longer = Buffer.concat([message.subarray(0, offset), Buffer.from(text), message.subarray(offset)]);
  longer.writeInt32BE(longer.length - 1, 1);
  return longer;
}

/** A message of the protocol's usual form: type, length, body. */
export function messageOf(type: string, body = ''): Buffer {
  const bytes = Buffer.from(body);
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(bytes.length + 4, 1);
  return Buffer.concat([head, bytes]);
}

function typeOf(message: Buffer): string {
  return String.fromCharCode(message[0] ?? 0);
}
