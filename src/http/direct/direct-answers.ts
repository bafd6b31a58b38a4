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
import { answerHeaders, notModified, type PublishedDocument } from '../../platform/published-document.ts';
import { failureHeaders } from '../cross-origin-failures.ts';
import type { Endpoint, EndpointAnswer, EndpointRequest } from '../endpoint.ts';
import { bodyOf, type ReportError } from '../error-handler.ts';
import { mediaType, readText } from '../input/body.ts';
import { claimedClient } from '../input/claimed-client.ts';
import type { LimitRequest } from '../rate-limits/limit-requests.ts';
import type { OpenRecord } from '../records/access-log.ts';
import { logClaim, logFacts } from '../records/log-fields.ts';
import { originOf, requestState } from '../records/request-state.ts';
import { type LongWayReason, unusualHead } from './plain-head.ts';

/** A kind of request that the short way serves. */
export interface DirectRoute {
  endpoint: Endpoint;
  limit: LimitRequest;
  /** Reads a body. Absent for requests without one. @throws any error for a body that the long way should judge. */
  parse?(text: string, mediaType: string): Readonly<Record<string, unknown>>;
  /** Why a well-formed request takes the long way. */
  unusual(request: EndpointRequest): LongWayReason | undefined;
}

/** A document that is the same for everybody; undefined until the long way has made it. */
export interface DirectDocument {
  document(): PublishedDocument | undefined;
  limit: LimitRequest;
}

export interface DirectDependencies {
  /** By method and target, such as `POST /auth/token`; `off` where the configuration says so. */
  routes: ReadonlyMap<string, DirectRoute | DirectDocument | 'off'>;
  open: OpenRecord;
  report: ReportError;
  securityHeaders: Readonly<Record<string, string>>;
  /** Counts the answers of each way. */
  count(endpoint: string, way: 'short' | LongWayReason): void;
}

type Headers = Readonly<Record<string, string>>;

/** Answers plain requests, and gives all others to `longWay`. */
export function directAnswers(d: DirectDependencies, longWay: RequestListener): RequestListener {
  return (req, res) => {
    const { method, url } = req;
    const route = d.routes.get(`${method} ${url}`);
    if (!route || url === undefined) return longWay(req, res);
    const handOn = (reason: LongWayReason) => {
      d.count(url, reason);
      longWay(req, res);
    };
    if (route === 'off') return handOn('off');
    // Nothing may end the process. The connection shows the client that no answer comes.
    const failed = (error: unknown) => {
      res.destroy();
      d.report(req, error);
    };
    const reason = unusualHead(req, { hasBody: 'parse' in route });
    if (reason) return handOn(reason);
    if ('document' in route) {
      const document = route.document();
      if (!document) return handOn('unpublished');
      d.count(url, 'short');
      sendDocument(req, res, { document, route, path: url }, d).catch(failed);
      return;
    }
    serve(req, res, { route, path: url, handOn }, d).catch(failed);
  };
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  { route, path, handOn }: { route: DirectRoute; path: string; handOn(reason: LongWayReason): void },
  d: DirectDependencies,
): Promise<void> {
  // A refusal while the body is under way (connections/refusals.ts) has them, too.
  d.open(req, res, path).headers = d.securityHeaders;
  const { authorization } = req.headers;
  const inHeader = claimedClient({ authorization, body: undefined, inAddress: undefined });
  logClaim(req, inHeader);
  const request = await readRequest(req, route);
  // The body came too late, or the connection broke: there is nobody to answer any more.
  if (res.headersSent || res.destroyed) return;
  const reason = request === undefined ? 'body' : route.unusual(request);
  if (!request || reason) return handOn(reason ?? 'body');
  d.count(path, 'short');
  const { endpoint, limit } = route;
  const claims = { authorization, body: request.body, inAddress: undefined };
  if (inHeader === '') logClaim(req, claimedClient(claims));
  let headers: Headers = {};
  try {
    const answer = await withinShare(path, () =>
      limit(req, claims, () => {
        headers = endpoint.headers;
        return endpoint.answer(request);
      }),
    );
    send(req, res, { ...answer, headers: { ...headers, ...answer.headers } }, d);
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

async function sendDocument(
  req: IncomingMessage,
  res: ServerResponse,
  { document, route, path }: { document: PublishedDocument; route: DirectDocument; path: string },
  d: DirectDependencies,
): Promise<void> {
  d.open(req, res, path);
  const claims = { authorization: undefined, body: undefined, inAddress: undefined };
  try {
    await route.limit(req, claims, async () => ({ status: 200 }));
  } catch (thrown) {
    return sendError(req, res, { thrown, headers: {} }, d);
  }
  const headers = answerHeaders(document);
  if (notModified(req.headers['if-none-match'], document))
    return write(req, res, { status: 304, headers, text: undefined }, d);
  const typed = { ...headers, 'Content-Type': document.contentType };
  write(req, res, { status: 200, headers: typed, text: document.body }, d);
}

function sendError(
  req: IncomingMessage,
  res: ServerResponse,
  { thrown, headers }: { thrown: unknown; headers: Headers },
  d: DirectDependencies,
): void {
  const error = d.report(req, thrown);
  const all = {
    ...headers,
    ...failureHeaders(req.headers.origin),
    ...error.headers,
    'Cache-Control': 'no-store',
  };
  send(req, res, { status: error.status, headers: all, body: bodyOf(error) }, d);
}

const JSON_TYPE = 'application/json; charset=utf-8';

function send(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, body }: EndpointAnswer,
  d: DirectDependencies,
): void {
  // oidc-client-ts refuses an empty answer with a type (http/endpoint.ts).
  const isJson = typeof body === 'object';
  const typed = isJson ? { ...headers, 'Content-Type': JSON_TYPE } : headers;
  write(req, res, { status, headers: typed, text: isJson ? JSON.stringify(body) : body }, d);
}

function write(
  req: IncomingMessage,
  res: ServerResponse,
  { status, headers, text }: { status: number; headers: Headers; text: string | undefined },
  { securityHeaders }: DirectDependencies,
): void {
  // A body that came too late was answered meanwhile (connections/refusals.ts), or nobody listens any more.
  if (res.headersSent || res.destroyed) return;
  const { id } = requestState(req);
  const length = status === 304 ? {} : { 'Content-Length': String(Buffer.byteLength(text ?? '')) };
  res.writeHead(status, { ...securityHeaders, 'X-Request-Id': id, ...headers, ...length });
  res.end(text);
}
