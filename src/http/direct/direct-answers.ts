/**
 * The short way of hot requests: answers on Node's request and response, in front of Koa and the library. The endpoints
 * are the same functions as on the long way. A request has three stretches:
 *
 * 1. Asking. Nothing is counted, consumed or changed. A request that is not plain in shape is handed on, with its body
 *    and its record, so that nothing is done twice.
 * 2. The endpoint's statement.
 * 3. After it began, the request is never handed on: the long way would present a used code or token again. An error is
 *    answered here, as the error handler does.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { withinShare } from '../../platform/postgres/share.ts';
import type { PublishedDocument } from '../../platform/published-document.ts';
import { failureHeaders } from '../cross-origin-failures.ts';
import type { Endpoint, EndpointRequest } from '../endpoint.ts';
import { bodyOf, type ReportError } from '../error-handler.ts';
import { mediaType, readText } from '../input/body.ts';
import { claimedClient, clientOfHeader } from '../input/claimed-client.ts';
import type { LimitRequest } from '../rate-limits/limit-requests.ts';
import type { OpenRecord } from '../records/access-log.ts';
import { logClaim, logFacts } from '../records/log-fields.ts';
import { originOf } from '../records/request-state.ts';
import { type LongWayReason, unusualHead } from './plain-head.ts';
import { type AnswerWriter, answerWriter } from './write-answer.ts';

/** A kind of request that the short way serves. */
export interface DirectRoute {
  method: 'GET' | 'POST';
  endpoint: Endpoint;
  limit: LimitRequest;
  /** Reads a body. Absent for requests without one. @throws any error for a body that the long way should judge. */
  parse?(text: string, mediaType: string): Readonly<Record<string, unknown>>;
  /** Why a well-formed request takes the long way. */
  unusual(request: EndpointRequest): LongWayReason | undefined;
}

/** A document that is the same for everybody; undefined until the long way has made it. */
export interface DirectDocument {
  method: 'GET';
  document(): PublishedDocument | undefined;
  /** Counts the request. @throws any error that refuses it. */
  count(req: IncomingMessage): void;
}

/** A request that the configuration sends the long way. */
export interface LongWay {
  method: 'GET' | 'POST';
  off: true;
}

export interface DirectDependencies {
  /** By the target, such as `/auth/token`. */
  routes: ReadonlyMap<string, DirectRoute | DirectDocument | LongWay>;
  open: OpenRecord;
  report: ReportError;
  securityHeaders: Readonly<Record<string, string>>;
  /** Counts the answers of each way. */
  count(endpoint: string, way: 'short' | LongWayReason): void;
}

type Headers = Readonly<Record<string, string>>;

interface Parts extends DirectDependencies {
  write: AnswerWriter;
}

/** Answers plain requests, and gives all others to `longWay`. */
export function directAnswers(dependencies: DirectDependencies, longWay: RequestListener): RequestListener {
  const d: Parts = { ...dependencies, write: answerWriter(dependencies.securityHeaders) };
  return (req, res) => {
    const { url = '' } = req;
    const route = d.routes.get(url);
    if (!route || route.method !== req.method) return longWay(req, res);
    const handOn = (reason: LongWayReason) => {
      d.count(url, reason);
      longWay(req, res);
    };
    if ('off' in route) return handOn('off');
    const reason = unusualHead(req, { hasBody: 'parse' in route });
    if (reason) return handOn(reason);
    // Nothing may end the process. The connection shows the client that no answer comes.
    const failed = (error: unknown) => {
      res.destroy();
      d.report(req, error);
    };
    if ('endpoint' in route) {
      serve(req, res, { route, path: url, handOn }, d).catch(failed);
      return;
    }
    const document = route.document();
    if (!document) return handOn('unpublished');
    d.count(url, 'short');
    try {
      sendDocument(req, res, { document, route, path: url }, d);
    } catch (error) {
      failed(error);
    }
  };
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  { route, path, handOn }: { route: DirectRoute; path: string; handOn(reason: LongWayReason): void },
  d: Parts,
): Promise<void> {
  // A refusal while the body is under way (connections/refusals.ts) has them, too.
  d.open(req, res, path).headers = d.securityHeaders;
  const { authorization } = req.headers;
  const inHeader = clientOfHeader(authorization ?? '');
  logClaim(req, inHeader);
  const request = await readRequest(req, route);
  // The body came too late, or the connection broke: there is nobody to answer any more.
  if (res.headersSent || res.destroyed) return;
  const reason = request === undefined ? 'body' : route.unusual(request);
  if (!request || reason) return handOn(reason ?? 'body');
  d.count(path, 'short');
  const { endpoint, limit } = route;
  const claims = { authorization, inHeader, body: request.body, inAddress: undefined };
  if (inHeader === '') logClaim(req, claimedClient(claims));
  let headers: Headers = {};
  try {
    const answer = await withinShare(path, () =>
      limit(req, claims, () => {
        headers = endpoint.headers;
        return endpoint.answer(request);
      }),
    );
    const { status, body } = answer;
    d.write.answer(req, res, { status, headers: { ...headers, ...answer.headers }, body });
  } catch (thrown) {
    sendError(req, res, { thrown, headers }, d);
  }
}

/** Undefined for a body that cannot be read, or not here. */
async function readRequest(
  req: IncomingMessage,
  { parse }: DirectRoute,
): Promise<EndpointRequest | undefined> {
  try {
    const body = parse ? parse(await readText(req), mediaType(req)) : {};
    return {
      method: req.method ?? '',
      headers: req.headers,
      accept: req.headers.accept,
      query: {},
      body,
      origin: () => originOf(req),
      note: (facts) => logFacts(req, facts),
    };
  } catch {
    return undefined;
  }
}

function sendDocument(
  req: IncomingMessage,
  res: ServerResponse,
  { document, route, path }: { document: PublishedDocument; route: DirectDocument; path: string },
  d: Parts,
): void {
  d.open(req, res, path);
  try {
    route.count(req);
  } catch (thrown) {
    sendError(req, res, { thrown, headers: {} }, d);
    return;
  }
  d.write.document(req, res, document);
}

function sendError(
  req: IncomingMessage,
  res: ServerResponse,
  { thrown, headers }: { thrown: unknown; headers: Headers },
  d: Parts,
): void {
  const error = d.report(req, thrown);
  const all = {
    ...headers,
    ...failureHeaders(req.headers.origin),
    ...error.headers,
    'Cache-Control': 'no-store',
  };
  d.write.answer(req, res, { status: error.status, headers: all, body: bodyOf(error) });
}
