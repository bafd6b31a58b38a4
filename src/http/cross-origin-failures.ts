import type { Context, Middleware } from 'koa';

/** The headers of an answer that a page needs and cannot read unless it is told. */
export const EXPOSED_HEADERS = 'WWW-Authenticate, Retry-After, X-Request-Id';

const PREFLIGHT_MAX_AGE_SECONDS = '7200';

/** The headers of a failure that let a page of `origin` read it. */
export function failureHeaders(origin: string | undefined): Readonly<Record<string, string>> {
  if (!origin || origin === 'null') return {};
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
  };
}

/**
 * Lets pages read failures at the addresses that they may call, for which nobody has asked yet whose page it is: a
 * body that is too large, too many requests, a database that is away. Such an answer says nothing of any client.
 * Without this, the page would see a failed connection.
 */
export function crossOriginFailures(paths: ReadonlySet<string>): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      if (paths.has(ctx.path)) ctx.set(failureHeaders(ctx.req.headers.origin));
      throw error;
    }
  };
}

/** A browser asks before it sends a page's request (Fetch standard, section 4.8). Nobody chose to send it. */
export function isPreflight({ method, headers }: { method: string; headers: NodeJS.Dict<unknown> }): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/**
 * Answers a preflight (Fetch standard, section 4.8). A preflight names no client and carries no credentials, so every
 * origin may continue. Once the client is known, the endpoint decides who may read the answer.
 */
export function preflight(ctx: Context, methods: string): void {
  ctx.status = 204;
  ctx.vary('Access-Control-Request-Headers');
  ctx.set({
    Allow: `${methods}, OPTIONS`,
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methods,
    // Tracing tools add headers of their own to a page's requests.
    'Access-Control-Allow-Headers': ctx.get('Access-Control-Request-Headers') || '*',
    'Access-Control-Max-Age': PREFLIGHT_MAX_AGE_SECONDS,
  });
}
