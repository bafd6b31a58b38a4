import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { boundedLog, type Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { announcesTooMuch } from '../body.ts';
import { canonicalAddress } from '../client-address.ts';
import { knownRequestState } from '../request-state.ts';
import { closeGently, isClosing } from './close-gently.ts';
import { type Exchange, oneAtATime } from './one-at-a-time.ts';

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
/** Node silently drops fields after a number of its own, and a proxy appends its X-Forwarded-For last. */
const MOST_FIELDS = 500;
/** When nothing moves on a connection for so long during a request, nobody reads the answer. */
const UNREAD_ANSWER_MS = 60_000;
/** The log limit for input that is not a request, so that a flood does not fill the log. */
const LINES_PER_SECOND = 10;

/**
 * Node's server with limits that apply before the application sees a request: no connection can cost the others
 * anything, whatever it sends or does not send. It answers and logs failures that occur before a request exists.
 */
export function createHttpServer(
  {
    limits,
    logger,
    metrics,
  }: { limits: ConnectionLimits; logger: Logger; metrics: Pick<Metrics, 'countUnread'> },
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
  });
  server.timeout = Math.max(UNREAD_ANSWER_MS, 2 * limits.requestMs);
  const { listener, current } = oneAtATime((req, res) => {
    const code = unfit(req);
    if (code === undefined) application(req, res);
    else refuseNow(req.socket, code);
  });
  const latest = new WeakMap<Socket, IncomingMessage>();
  const { refuse, refuseNow } = refuser({
    logger,
    metrics,
    current,
    isAnswered: (socket) => !current(socket) && latest.get(socket)?.complete === false,
    requestMs: limits.requestMs,
  });

  server.on('connection', (socket: Socket) => {
    const { destroySoon } = socket;
    // Node calls this after an answer with `Connection: close`.
    socket.destroySoon = () => {
      if (isClosing(socket)) return;
      if (current(socket)?.req.complete === false) closeGently(socket);
      else destroySoon.call(socket);
    };
  });
  server.on('request', (req, res) => {
    latest.set(req.socket, req);
    if (announcesTooMuch(req)) res.setHeader('Connection', 'close');
    res.once('finish', () => {
      // The rest of an unwanted body is read only if it announced an ordinary length.
      if (!req.complete && req.headers['content-length'] === undefined) closeGently(req.socket);
    });
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

/** The code for a request that Node accepts and this server refuses. */
function unfit({ rawHeaders, httpVersion, headers }: IncomingMessage): string | undefined {
  if (rawHeaders.length > 2 * MOST_FIELDS) return 'TOO_MANY_FIELDS';
  return httpVersion === '1.1' && headers.host === undefined ? 'NO_HOST' : undefined;
}

interface Refusal {
  status: number;
  description: string;
}

function refusalOf(code: string, requestMs: number): Refusal | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
    case 'TOO_MANY_FIELDS':
      return {
        status: 431,
        description: `The head of the request is larger than 64 KiB or has more than ${MOST_FIELDS} fields.`,
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, description: 'The chunk extensions of the body are too large.' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        description: `The request did not arrive in time: the head has ${requestMs / 2000} seconds, the whole ${requestMs / 1000}.`,
      };
    case 'NO_HOST':
      return { status: 400, description: 'The request has no Host header.' };
    case 'CONNECT':
      return { status: 405, description: 'This address does not take that method.' };
    default:
      return code.startsWith('HPE_')
        ? { status: 400, description: 'The request is not well-formed HTTP.' }
        : undefined;
  }
}

/** Answers and logs input that is not a request. */
function refuser({
  logger,
  metrics,
  current,
  isAnswered,
  requestMs,
}: {
  logger: Logger;
  metrics: Pick<Metrics, 'countUnread'>;
  current(socket: Socket): Exchange | undefined;
  /** Whether a request was answered before it arrived completely. */
  isAnswered(socket: Socket): boolean;
  requestMs: number;
}): {
  /** Waits for its turn among the requests of the connection. */
  refuse(socket: Socket, code: string): void;
  refuseNow(socket: Socket, code: string): void;
} {
  /** The connections on which a refusal waits for its turn. A refusal ends its connection, so there is only one. */
  const waiting = new WeakSet<Socket>();
  const line = boundedLog(logger, { level: 'info', perSecond: LINES_PER_SECOND });

  function refuse(socket: Socket, code: string): void {
    const refusal = refusalOf(code, requestMs);
    const exchange = current(socket);
    // The connection broke or was never used: there is nobody to answer and nothing to log.
    if (refusal === undefined || socket.bytesRead === 0) socket.destroy();
    else if (isClosing(socket)) return;
    else if (isAnswered(socket)) closeGently(socket);
    else if (exchange && !exchange.req.complete) {
      answerWith(exchange, refusal);
    } else if (exchange) {
      // A later request failed, and answers come in the order of requests.
      if (waiting.has(socket)) return;
      waiting.add(socket);
      exchange.res.once('close', () => {
        waiting.delete(socket);
        refuse(socket, code);
      });
    } else refuseNow(socket, code);
  }

  function refuseNow(socket: Socket, code: string): void {
    const refusal = refusalOf(code, requestMs);
    if (refusal === undefined) return;
    metrics.countUnread(refusal.status);
    const ip = canonicalAddress(socket.remoteAddress ?? '') ?? '';
    line({ status: refusal.status, reason: code, ip }, 'request refused unread');
    closeGently(socket, wholeAnswer(refusal));
  }

  return { refuse, refuseNow };
}

/** Answers a request whose body did not arrive. The access log records it. */
function answerWith({ req, res }: Exchange, refusal: Refusal): void {
  const state = knownRequestState(req);
  if (state) state.log.error = 'invalid_request';
  if (res.headersSent) {
    closeGently(req.socket);
    return;
  }
  const body = bodyOf(refusal);
  res.writeHead(refusal.status, headersOf(body)).end(body);
}

function bodyOf({ description }: Refusal): string {
  return JSON.stringify({ error: 'invalid_request', error_description: description });
}

function wholeAnswer(refusal: Refusal): string {
  const { status } = refusal;
  const body = bodyOf(refusal);
  const lines = Object.entries(headersOf(body)).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

function headersOf(body: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    Connection: 'close',
  };
}
