import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isClosing } from './close-gently.ts';

/** The limit for waiting requests: more than any well-meant client pipelines. */
const MOST_WAITING = 100;

export interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
}

/** The requests of one connection. */
interface Line {
  /** The last one that came, until all of it is there and answered. */
  latest: IncomingMessage | undefined;
  /** The one that this server is handling. */
  current: Exchange | undefined;
  waiting: Exchange[];
}

/** It is a member of the socket: a WeakMap would look for it several times in each request. */
const LINE = Symbol('line');

function lineOf(socket: Socket): Line | undefined {
  return (socket as Socket & { [LINE]?: Line })[LINE];
}

function arrive(req: IncomingMessage): Line {
  const { socket } = req;
  const known = lineOf(socket);
  if (known) {
    known.latest = req;
    return known;
  }
  const line: Line = { latest: req, current: undefined, waiting: [] };
  Object.assign(socket, { [LINE]: line });
  return line;
}

/** The request that this server is handling on a connection. */
export function currentExchange(socket: Socket): Exchange | undefined {
  return lineOf(socket)?.current;
}

/** The last request that came on a connection, unless it is over. */
export function latestRequest(socket: Socket): IncomingMessage | undefined {
  return lineOf(socket)?.latest;
}

/**
 * Serves the requests of one connection one after another, and reads nothing while one waits. Node alone would start
 * every request in its buffer. Two thousand requests fit into one, and would come before everybody else's at the
 * database. (RFC 9112 section 9.3.2 lets a server handle only safe requests in parallel.)
 */
export function oneAtATime(serve: RequestListener): RequestListener {
  function start(line: Line, exchange: Exchange): void {
    line.current = exchange;
    exchange.res.on('close', ended);
    serve(exchange.req, exchange.res);
  }

  function ended(this: ServerResponse): void {
    const { socket } = this.req;
    const line = lineOf(socket);
    if (!line) return;
    line.current = undefined;
    if (line.latest?.complete) line.latest = undefined;
    const next = line.waiting.shift();
    if (!next || isClosing(socket)) return;
    if (line.waiting.length === 0) socket.resume();
    else pauseWhileWaiting(socket, line);
    start(line, next);
  }

  return (req, res) => {
    const { socket } = req;
    const line = arrive(req);
    if (isClosing(socket)) return;
    if (!line.current) return start(line, { req, res });
    line.waiting.push({ req, res });
    pauseWhileWaiting(socket, line);
    if (line.waiting.length > MOST_WAITING) socket.destroy();
  };
}

function pauseWhileWaiting(socket: Socket, { waiting }: Line): void {
  // Node resumes the socket at the end of each request that it has read.
  process.nextTick(() => {
    if (waiting.length > 0 && !isClosing(socket)) socket.pause();
  });
}
