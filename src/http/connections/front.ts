import type { RequestListener, Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { currentExchange } from './one-at-a-time.ts';

/**
 * The layer between the port and the application. It chooses the application that answers, and controls how
 * connections end.
 */
export interface Front {
  server: Server;
  /** Another application answers the requests from now on. */
  serve(application: RequestListener): void;
  /** From now on each answer announces that its connection ends, also answers to requests under way. */
  announceEnd(): void;
  /** Stops taking connections and waits for requests under way, but not longer than `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

/** Together with DRAIN_SECONDS, shorter than the usual 30 s before orchestrators kill a process. */
export const STOP_WITHIN_MS = 20_000;

const LOOK_EVERY_MS = 50;
/** A connection that sent nothing for this long was opened in advance. */
const UNUSED_MS = 1000;

/** `create` makes the HTTP server around a listener, which it gives one request of a connection at a time. */
export function createFront(create: (listener: RequestListener) => Server, first: RequestListener): Front {
  let application = first;
  let ending = false;
  const server = create((request, response) => {
    if (ending) response.shouldKeepAlive = false;
    application(request, response);
  });
  const connections = watchConnections(server);
  const announceEnd = () => {
    ending = true;
    connections.announceEnd();
  };

  return {
    server,
    serve(next) {
      application = next;
    },
    announceEnd,
    async stop(withinMs) {
      announceEnd();
      if (!server.listening) return;
      // The event loop first reads the bytes that have arrived, so that a connection with a request counts as busy.
      await new Promise(setImmediate);
      // Calls the method of net.Server. That of an HTTP server would also stop Node's check for late requests, and a
      // body that never comes would last until the deadline.
      const closed = new Promise((done) => NetServer.prototype.close.call(server, done));
      // An answer that was sent before the announcement leaves its connection open and idle.
      const looking = setInterval(() => {
        server.closeIdleConnections();
        connections.closeUnused();
      }, LOOK_EVERY_MS);
      const deadline = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearInterval(looking);
      clearTimeout(deadline);
    },
  };
}

/** The open connections of a server. */
function watchConnections(server: Server): { announceEnd(): void; closeUnused(): void } {
  const opened = new Map<Socket, number>();
  server.on('connection', (socket) => {
    opened.set(socket, performance.now());
    socket.once('close', () => opened.delete(socket));
  });
  return {
    announceEnd() {
      for (const socket of opened.keys()) {
        const { res } = currentExchange(socket) ?? {};
        if (res && !res.headersSent) res.shouldKeepAlive = false;
      }
    },
    /**
     * Node counts a connection as busy until its first request has come. This closes silent ones, which would block the
     * end.
     */
    closeUnused() {
      for (const [socket, since] of opened)
        if (socket.bytesRead === 0 && performance.now() - since >= UNUSED_MS) socket.destroy();
    },
  };
}
