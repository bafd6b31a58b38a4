import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { boundedLog, type Logger } from '../../platform/log/logger.ts';
import { canonicalAddress } from '../../platform/network/addresses.ts';
import type { Reason, Refusal as RefusalReason } from '../../refusals/reasons.ts';
import { EXPOSED_HEADERS } from '../cross-origin-failures.ts';
import { knownRequestState } from '../records/request-state.ts';
import { closeGently, isClosing } from './close-gently.ts';
import { currentExchange, type Exchange, latestRequest } from './one-at-a-time.ts';

/** Node silently drops fields after a number of its own, and a proxy appends its X-Forwarded-For last. */
export const MOST_FIELDS = 500;
/** The log limit for input that is not a request, so that a flood does not fill the log. */
const LINES_PER_SECOND = 10;

interface Refusal {
  status: number;
  description: string;
  reason: Reason;
}

function refusalOf(code: string, requestMs: number): Refusal | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
    case 'TOO_MANY_FIELDS':
      return {
        status: 431,
        description: `The head of the request is larger than 64 KiB or has more than ${MOST_FIELDS} fields.`,
        reason: 'head.too_large',
      };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return {
        status: 413,
        description: 'The chunk extensions of the body are too large.',
        reason: 'body.too_large',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        description: `The request did not arrive in time: the head has ${requestMs / 2000} seconds, the whole ${requestMs / 1000}.`,
        reason: 'request.too_slow',
      };
    case 'NO_HOST':
      return { status: 400, description: 'The request has no Host header.', reason: 'request.malformed' };
    case 'CONNECT':
      return {
        status: 405,
        description: 'This address does not take that method.',
        reason: 'method.not_allowed',
      };
    default:
      return code.startsWith('HPE_')
        ? { status: 400, description: 'The request is not well-formed HTTP.', reason: 'request.malformed' }
        : undefined;
  }
}

/** Hears of input that was refused before it became a request. */
export type UnreadListener = (refused: {
  id: string;
  ip: string;
  status: number;
  why: RefusalReason;
}) => void;

/**
 * Answers and logs input that is not a request. A refusal ends its connection. `code` is an error code of Node, or one
 * of `refusalOf`.
 */
export function createRefusals({
  logger,
  onUnread,
  requestMs,
}: {
  logger: Logger;
  onUnread: UnreadListener;
  requestMs: number;
}): {
  /** Waits for its turn among the requests of the connection. Drops a connection that has nobody to answer. */
  refuse(socket: Socket, code: string): void;
  /** Does not wait. */
  refuseNow(socket: Socket, code: string): void;
} {
  /** The connections on which a refusal waits for its turn. A refusal ends its connection, so there is only one. */
  const waiting = new WeakSet<Socket>();
  const line = boundedLog(logger, { level: 'info', perSecond: LINES_PER_SECOND });

  function refuse(socket: Socket, code: string): void {
    const refusal = refusalOf(code, requestMs);
    const exchange = currentExchange(socket);
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
    const { status, description: detail, reason } = refusal;
    const ip = canonicalAddress(socket.remoteAddress ?? '') ?? '';
    const id = randomUUID();
    onUnread({ id, ip, status, why: { reason } });
    line({ requestId: id, status, reason: code, detail, ip }, 'request refused unread');
    closeGently(socket, wholeAnswer(refusal, id));
  }

  return { refuse, refuseNow };
}

/** Whether a request was answered before it arrived completely. */
function isAnswered(socket: Socket): boolean {
  return !currentExchange(socket) && latestRequest(socket)?.complete === false;
}

/** Answers a request whose body did not arrive. The access log records it. */
function answerWith({ req, res }: Exchange, refusal: Refusal): void {
  const state = knownRequestState(req);
  if (state) {
    Object.assign(state.log, { error: 'invalid_request', detail: refusal.description });
    state.why = { reason: refusal.reason };
  }
  if (res.headersSent) {
    closeGently(req.socket);
    return;
  }
  const body = bodyOf(refusal);
  const own = state && {
    ...state.headers,
    'X-Request-Id': state.id,
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
  };
  res.writeHead(refusal.status, { ...own, ...headersOf(body) }).end(body);
}

function bodyOf({ description }: Refusal): string {
  return JSON.stringify({ error: 'invalid_request', error_description: description });
}

function wholeAnswer(refusal: Refusal, id: string): string {
  const { status } = refusal;
  const body = bodyOf(refusal);
  const headers = {
    ...headersOf(body),
    'X-Request-Id': id,
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', body].join('\r\n');
}

function headersOf(body: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    'Cache-Control': 'no-store',
    // It says nothing of anybody, and whose page asked is unknown.
    'Access-Control-Allow-Origin': '*',
    Connection: 'close',
  };
}
