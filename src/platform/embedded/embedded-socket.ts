import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';
import { type Batch, createFramer, createStatementNames, messageOf } from './embedded-frames.ts';

const NO = Buffer.from('N');
const SYNC = messageOf('S');

/** The parts of a PGlite that are used here. */
export type EmbeddedSession = Pick<PGlite, 'execProtocolRawStream' | 'isInTransaction' | 'runExclusive'>;

/**
 * Speaks the Postgres wire protocol for one PGlite on a unix socket.
 *
 * PGlite is a single session, so connections take turns. A turn lasts from the first message of a batch until
 * Postgres answers ReadyForQuery, and until the end of a transaction that the batch leaves open. If messages of two
 * connections mixed, one could execute the statement that the other had just parsed. (The published socket server
 * takes turns by message, so it is not used here.) COPY from the client is not supported.
 */
export async function startEmbeddedSocket(
  db: EmbeddedSession,
  path: string,
): Promise<{ close(): Promise<void> }> {
  const turns = createTurns();
  const connections = new Map<Socket, Promise<void>>();
  let count = 0;

  const server = createServer((socket) => {
    // The iterator in `serve` reports errors while it reads; this listener catches those in between.
    socket.on('error', () => socket.destroy());
    count += 1;
    const served = serve(socket, { db, turns, id: count })
      // Any error ends the connection, and so its client hears of it.
      .catch(() => undefined)
      .finally(() => {
        socket.destroy();
        connections.delete(socket);
      });
    connections.set(socket, served);
  });
  server.listen(path);
  await once(server, 'listening');

  return {
    async close() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of connections.keys()) socket.destroy();
      await Promise.all([closed, ...connections.values()]);
    },
  };
}

interface Shared {
  db: EmbeddedSession;
  turns: ReturnType<typeof createTurns>;
  /** Tells the connections apart. */
  id: number;
}

/** Serves one connection until it ends. Reads more only after everything read so far is answered. */
async function serve(socket: Socket, { db, turns, id }: Shared): Promise<void> {
  const framer = createFramer();
  const names = createStatementNames(`${id}:`);
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  let endTurn: (() => void) | undefined;
  let used = false;

  const run = async ({ messages, kind }: Batch) => {
    const answer = (data: Buffer) => void socket.write(data);
    // Opening a connection does not touch the session, so it need not wait for another connection's transaction.
    if (kind === 'opening') return execute(db, messages, answer);
    endTurn ??= await turns.take();
    if (socket.destroyed) return;
    used = true;
    await execute(db, messages.map(names.apply), answer);
    if (kind === 'complete' && !db.isInTransaction()) {
      endTurn();
      endTurn = undefined;
    }
    if (socket.writableNeedDrain) await once(socket, 'drain', { signal: gone.signal });
  };

  try {
    for await (const chunk of socket) {
      for (const frame of framer.push(chunk)) {
        if (frame === 'end') return;
        if (frame === 'negotiation') socket.write(NO);
        else await run(frame);
      }
    }
  } finally {
    const end = endTurn ?? (await turns.take());
    try {
      if (used) await forget(db, names.closing());
    } finally {
      end();
    }
  }
}

/**
 * Removes every trace of a connection from the shared session: transaction, statements, settings and temporary
 * tables.
 */
async function forget(db: EmbeddedSession, closeStatements: Buffer[]): Promise<void> {
  const statements = [...(db.isInTransaction() ? ['ROLLBACK'] : []), 'RESET ALL', 'DISCARD TEMP'];
  const queries = statements.map((sql) => messageOf('Q', `${sql}\0`));
  await execute(db, [...queries, ...closeStatements, SYNC], () => undefined);
}

async function execute(
  db: EmbeddedSession,
  messages: Buffer[],
  answer: (data: Buffer) => void,
): Promise<void> {
  await db.runExclusive(async () => {
    for (const message of messages) {
      await db.execProtocolRawStream(new Uint8Array(message), {
        // PGlite overwrites these bytes later.
        onRawData: (data) => answer(Buffer.from(data)),
      });
    }
  });
}

/** A queue in which one at a time has the turn: `take` waits for it and returns the function that ends it. */
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
