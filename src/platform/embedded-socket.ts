import { createServer, type Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;
const CANCEL_REQUEST = 80877102;
const NO = Buffer.from('N');

/**
 * Speaks the Postgres wire protocol for one PGlite on a unix socket.
 *
 * PGlite is a single session, so connections take turns. A turn lasts from the first message of a batch to its
 * `Sync` or simple `Query`, and on to the end of a transaction that the batch leaves open: were messages of two
 * connections mixed, one would execute the statement that the other had just parsed. (The published socket
 * server takes turns by message, which is why it is not used here.)
 */
export async function startEmbeddedSocket(db: PGlite, path: string): Promise<{ close(): Promise<void> }> {
  const turns = createTurns();
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    const framer = createFramer();
    let work = Promise.resolve();
    let release: (() => void) | undefined;

    const run = async (batch: Buffer[]) => {
      release ??= await turns.take();
      await db.runExclusive(async () => {
        for (const message of batch) {
          await db.execProtocolRawStream(new Uint8Array(message), {
            onRawData: (data) => {
              if (socket.writable) socket.write(Buffer.from(data));
            },
          });
        }
      });
      if (!db.isInTransaction()) {
        release();
        release = undefined;
      }
    };

    const leave = async () => {
      sockets.delete(socket);
      if (!release) return;
      if (db.isInTransaction()) await db.exec('ROLLBACK');
      release();
      release = undefined;
    };

    socket.on('data', (chunk: Buffer) => {
      for (const item of framer.push(chunk)) {
        if (item === 'negotiation') socket.write(NO);
        else if (item === 'end') socket.end();
        else work = work.then(() => run(item)).catch(() => void socket.destroy());
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      work = work.then(leave).catch(() => undefined);
    });
  });

  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(path, listening);
  });

  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
      await turns.take();
    },
  };
}

/** A queue of one: `take` waits for its turn and answers the function that ends it. */
function createTurns() {
  let last = Promise.resolve();
  return {
    take(): Promise<() => void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      const turn = last.then(() => resolve);
      last = last.then(() => promise);
      return turn;
    },
  };
}

type Frame = Buffer[] | 'negotiation' | 'end';

/** Cuts a stream of bytes into batches of messages, each ending where Postgres would answer ReadyForQuery. */
function createFramer() {
  let buffered: Buffer = Buffer.alloc(0);
  let batch: Buffer[] = [];
  let started = false;

  return {
    *push(chunk: Buffer): Generator<Frame> {
      buffered = Buffer.concat([buffered, chunk]);
      while (true) {
        const header = started ? 1 : 0;
        if (buffered.length < header + 4) return;
        const length = header + buffered.readInt32BE(header);
        if (buffered.length < length) return;
        const message = buffered.subarray(0, length);
        buffered = buffered.subarray(length);

        if (!started) {
          const code = message.readInt32BE(4);
          if (code === CANCEL_REQUEST) yield 'end';
          else if (code === SSL_REQUEST || code === GSS_REQUEST) yield 'negotiation';
          else {
            started = true;
            yield [message];
          }
          continue;
        }
        const type = String.fromCharCode(message[0] ?? 0);
        if (type === 'X') {
          yield 'end';
          continue;
        }
        batch.push(message);
        if (type === 'S' || type === 'Q') {
          yield batch;
          batch = [];
        }
      }
    },
  };
}
