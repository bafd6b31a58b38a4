import type { IncomingHttpHeaders } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { RequestParameters } from './input/parameters.ts';
import { type LogFacts, logFacts } from './records/log-fields.ts';
import { originOf, type RequestOrigin } from './records/request-state.ts';

/** A request of a program, whichever way it came in. */
export interface EndpointRequest {
  method: string;
  headers: IncomingHttpHeaders;
  /** The `Accept` header as the client sent it. On the long way, `headers` ask for JSON alone (jsonAnswers). */
  accept: string | undefined;
  /** The parameters of the address. */
  query: RequestParameters;
  /** The form, or the JSON object, of a POST. */
  body: Readonly<Record<string, unknown>>;
  /** Where it comes from, for the audit trail. */
  origin(): RequestOrigin;
  /** Says whose request this is, and why it is refused, for the log. */
  note(facts: LogFacts): void;
}

export interface EndpointAnswer {
  status: number;
  /** Those of this answer, beside the endpoint's. */
  headers: Readonly<Record<string, string>>;
  /** Sent as JSON; a text as it is, with the `Content-Type` of `headers`; undefined for an empty answer. */
  body: object | string | undefined;
}

/** An address for programs that is answered without knowing how the request came in. */
export interface Endpoint {
  /** The headers of every answer and failure, once the limits have let the request pass. */
  headers: Readonly<Record<string, string>>;
  /** Whether a body may be JSON instead of a form (the Listo guide). */
  takesJson?: boolean;
  /** Answers, or refuses. @throws any error for the error handler. */
  answer(request: EndpointRequest): Promise<EndpointAnswer>;
}

/** Lets an endpoint answer the requests of some methods; others go on. */
export function answersAt(endpoint: Endpoint, methods: readonly string[]): Middleware {
  return async (ctx, next) => {
    if (!methods.includes(ctx.method)) return next();
    ctx.set(endpoint.headers);
    send(ctx, await endpoint.answer(readRequest(ctx)));
  };
}

export function readRequest({ req, method, query, state }: Context): EndpointRequest {
  const { body = {} } = req as typeof req & { body?: Record<string, unknown> };
  return {
    method,
    headers: req.headers,
    accept: 'accept' in state ? state.accept : req.headers.accept,
    query: query as RequestParameters,
    body,
    origin: () => originOf(req),
    note: (facts) => logFacts(req, facts),
  };
}

export function send(ctx: Context, { status, headers, body }: EndpointAnswer): void {
  ctx.set(headers);
  ctx.status = status;
  if (body !== undefined) {
    ctx.body = body;
    return;
  }
  ctx.body = '';
  // oidc-client-ts refuses an empty answer with a text type.
  ctx.remove('Content-Type');
}
