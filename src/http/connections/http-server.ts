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
  /** How long an idle connection is kept: longer than the balancer in front keeps it, so that it is never we who close it under a request. */
  keepAliveMs: number;
  /** How long a request may take to arrive, head and body; the head alone half of it. */
  requestMs: number;
}

/** An ID token of somebody with a hundred and thirty user records has 17 kB, and comes in a header or an address. */
const LARGEST_HEAD_BYTES = 64 * 1024;
/** Node drops fields after a number of its own without a word, and a proxy appends its X-Forwarded-For. */
const MOST_FIELDS = 500;
/** A connection on which nothing moves while its request is served: nobody reads the answer. */
const UNREAD_ANSWER_MS = 60_000;
/** Lines a second about what was no request, so that a flood cannot fill the log. */
const LINES_PER_SECOND = 10;

/**
 * Node's server, with the limits that hold before a request reaches the application: what one connection sends, or
 * does not send, costs the others nothing. What fails before a request exists is answered and logged here.
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
    // How often Node looks for what is late.
    connectionsCheckingInterval: Math.min(1000, limits.requestMs / 10),
    // Its own answer to HTTP/1.1 without a Host is empty, and in no log.
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
    // Node calls it after an answer with `Connection: close`.
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
      // Of what nobody asked for, at most an announced body of ordinary length is read on.
      if (!req.complete && req.headers['content-length'] === undefined) closeGently(req.socket);
    });
    listener(req, res);
  });
  server.on('checkContinue', (req, res) => {
    if (!announcesTooMuch(req)) res.writeContinue();
    server.emit('request', req, res);
  });
  // Of other expectations RFC 9110 section 10.1.1 lets us know nothing.
  server.on('checkExpectation', (req, res) => server.emit('request', req, res));
  server.on('connect', (_req, socket) => {
    // Node has taken its own listener off, and an error that nobody hears ends the process.
    socket.on('error', () => socket.destroy());
    refuse(socket as Socket, 'CONNECT');
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    refuse(socket as Socket, error.code ?? ''),
  );
  return server;
}

/** What is a request to Node, and none to us. */
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

/** Answers and reports what was no request. */
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
  /** Whether a request was answered before all of it had come. */
  isAnswered(socket: Socket): boolean;
  requestMs: number;
}): {
  /** When it is its turn among the requests of its connection. */
  refuse(socket: Socket, code: string): void;
  refuseNow(socket: Socket, code: string): void;
} {
  /** Connections on which a refusal waits for its turn. The first ends the connection, so there is no second. */
  const waiting = new WeakSet<Socket>();
  const line = boundedLog(logger, { level: 'info', perSecond: LINES_PER_SECOND });

  function refuse(socket: Socket, code: string): void {
    const refusal = refusalOf(code, requestMs);
    const exchange = current(socket);
    // The connection broke, or was never used: there is nobody to answer, and nothing to tell.
    if (refusal === undefined || socket.bytesRead === 0) socket.destroy();
    else if (isClosing(socket)) return;
    else if (isAnswered(socket)) closeGently(socket);
    else if (exchange && !exchange.req.complete) {
      answerWith(exchange, refusal);
    } else if (exchange) {
      // It is a later request that failed, and answers come in the order of requests.
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

/** The body of a request that is being served did not come. The access log has the request. */
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
