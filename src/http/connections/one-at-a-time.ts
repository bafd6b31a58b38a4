import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isClosing } from './close-gently.ts';

/** The limit for waiting requests: more than any well-meant client pipelines. */
const MOST_WAITING = 100;

export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
}

/**
 * Serves the requests of one connection one after another, and reads nothing while one waits. Node alone would start
 * every request in its buffer. Two thousand requests fit into one, and would come before everybody else's at the
 * database. (RFC 9112 section 9.3.2 lets a server handle only safe requests in parallel.)
 */
export function oneAtATime(serve: RequestListener): {
  listener: RequestListener;
  /** The request that this server is handling on a connection. */
  current(socket: Socket): Exchange | undefined;
} {
  const served = new WeakMap<Socket, Exchange>();
  const waiting = new WeakMap<Socket, Exchange[]>();

  function pauseWhileWaiting(socket: Socket): void {
    // Node resumes the socket at the end of each request that it has read.
    process.nextTick(() => {
      if (waiting.get(socket)?.length && !isClosing(socket)) socket.pause();
    });
  }

  function start(socket: Socket, exchange: Exchange): void {
    served.set(socket, exchange);
    exchange.res.once('close', () => {
      served.delete(socket);
      const queue = waiting.get(socket);
      const next = queue?.shift();
      if (!next || isClosing(socket)) return;
      if (queue?.length === 0) socket.resume();
      else pauseWhileWaiting(socket);
      start(socket, next);
    });
    serve(exchange.req, exchange.res);
  }

  return {
    current: (socket) => served.get(socket),
    listener(req, res) {
      const { socket } = req;
      if (isClosing(socket)) return;
      if (!served.has(socket)) return start(socket, { req, res });
      const queue = waiting.get(socket) ?? [];
      waiting.set(socket, queue);
      queue.push({ req, res });
      pauseWhileWaiting(socket);
      if (queue.length > MOST_WAITING) socket.destroy();
    },
  };
}
