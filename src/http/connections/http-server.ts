import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../platform/log/logger.ts';
import { announcesTooMuch } from '../input/body.ts';
import { closeGently, isClosing } from './close-gently.ts';
import { currentExchange, oneAtATime } from './one-at-a-time.ts';
import { createRefusals, MOST_FIELDS, type UnreadListener } from './refusals.ts';

export interface ConnectionLimits {
  /**
   * How long an idle connection stays open: longer than the balancer keeps it, so that this server never closes it
   * under a request.
   */
  keepAliveMs: number;
  /** How long a request may take to arrive. Its head has half of that time. */
  requestMs: number;
}

/** The ID token of a person with 130 user records has 17 kB, and comes in a header or an address. */
const LARGEST_HEAD_BYTES = 64 * 1024;
/** When nothing moves on a connection for so long during a request, nobody reads the answer. */
const UNREAD_ANSWER_MS = 60_000;

/**
 * Node's server with limits that apply before the application sees a request: no connection can cost the others
 * anything, whatever it sends or does not send. It answers and logs failures that occur before a request exists.
 */
export function createHttpServer(
  { limits, logger, onUnread }: { limits: ConnectionLimits; logger: Logger; onUnread: UnreadListener },
  application: RequestListener,
): Server {
  const server = createServer({
    maxHeaderSize: LARGEST_HEAD_BYTES,
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.requestMs / 2,
    // How often Node checks for late requests.
    connectionsCheckingInterval: Math.min(1000, limits.requestMs / 10),
    // Node's own answer to HTTP/1.1 without a Host is empty and not logged.
    requireHostHeader: false,
    // A request without a body takes no part in streams.
    optimizeEmptyRequests: true,
  });
  server.timeout = Math.max(UNREAD_ANSWER_MS, 2 * limits.requestMs);
  const listener = oneAtATime((req, res) => {
    const code = unfit(req);
    if (code === undefined) application(req, res);
    else refuseNow(req.socket, code);
  });
  const { refuse, refuseNow } = createRefusals({ logger, onUnread, requestMs: limits.requestMs });

  server.on('connection', (socket: Socket) => {
    const { destroySoon } = socket;
    // Node calls this after an answer with `Connection: close`.
    socket.destroySoon = () => {
      if (isClosing(socket)) return;
      if (currentExchange(socket)?.req.complete === false) closeGently(socket);
      else destroySoon.call(socket);
    };
  });
  server.on('request', (req, res) => {
    if (announcesTooMuch(req)) res.setHeader('Connection', 'close');
    // The rest of an unwanted body is read only if it announced an ordinary length. Others are chunked.
    if (req.headers['transfer-encoding'] !== undefined) res.on('finish', endUnread);
    listener(req, res);
  });
  server.on('checkContinue', (req, res) => {
    if (!announcesTooMuch(req)) res.writeContinue();
    server.emit('request', req, res);
  });
  // RFC 9110 section 10.1.1 lets a server ignore other expectations.
  server.on('checkExpectation', (req, res) => server.emit('request', req, res));
  server.on('connect', (_req, socket) => {
    // Node has removed its own listener, and an error without a listener ends the process.
    socket.on('error', () => socket.destroy());
    refuse(socket as Socket, 'CONNECT');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuse(socket as Socket, error.code ?? ''),
  );
  return server;
}

function endUnread(this: ServerResponse): void {
  const { req } = this;
  if (!req.complete && req.headers['content-length'] === undefined) closeGently(req.socket);
}

/** The code of the refusal of a request that Node accepts; undefined for a good request. */
function unfit({ rawHeaders, httpVersion, headers }: IncomingMessage): string | undefined {
  if (rawHeaders.length > 2 * MOST_FIELDS) return 'TOO_MANY_FIELDS';
  return httpVersion === '1.1' && headers.host === undefined ? 'NO_HOST' : undefined;
}
