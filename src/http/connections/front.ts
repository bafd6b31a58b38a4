import type { RequestListener, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

/** What stands between the port and the application: which one answers just now, and how connections end. */
export interface Front {
  server: Server;
  /** Requests that come from now on are answered by another application. */
  serve(application: RequestListener): void;
  /** From now on each answer says that its connection ends with it, those to requests under way included. */
  announceEnd(): void;
  /** Takes no new connection and lets requests under way finish, but not for longer than `withinMs`. */
  stop(withinMs: number): Promise<void>;
}

const LOOK_EVERY_MS = 50;
/** After this, a connection on which nothing ever came is one that somebody opened in advance. */
const UNUSED_MS = 1000;

/** `create` makes the HTTP server around what it is handed. */
export function createFront(create: (listener: RequestListener) => Server, first: RequestListener): Front {
  let application = first;
  let ending = false;
  const underWay = new Set<ServerResponse>();
  const server = create((request, response) => {
    if (ending) response.shouldKeepAlive = false;
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    application(request, response);
  });
  const unused = watchUnused(server);
  const announceEnd = () => {
    ending = true;
    for (const response of underWay) if (!response.headersSent) response.shouldKeepAlive = false;
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
      // Right after the loop has read what had arrived, so that a connection with a request on it counts as busy.
      await new Promise(setImmediate);
      // The closing of a net.Server: that of an HTTP server also ends Node's look for requests that are late, and a body
      // that never comes would then be waited for until the deadline.
      const closed = new Promise((done) => NetServer.prototype.close.call(server, done));
      // An answer whose head was sent before the end was announced leaves its connection idle.
      const looking = setInterval(() => {
        server.closeIdleConnections();
        unused.close();
      }, LOOK_EVERY_MS);
      const deadline = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearInterval(looking);
      clearTimeout(deadline);
    },
  };
}

/** Node counts a connection as busy until its first request has come, so as not to be held up for ever by a silent one. */
function watchUnused(server: Server): { close(): void } {
  const opened = new Map<Socket, number>();
  server.on('connection', (socket) => {
    opened.set(socket, Date.now());
    socket.once('close', () => opened.delete(socket));
  });
  return {
    close() {
      for (const [socket, since] of opened)
        if (socket.bytesRead === 0 && Date.now() - since >= UNUSED_MS) socket.destroy();
    },
  };
}
