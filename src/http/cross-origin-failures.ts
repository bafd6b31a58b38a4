import type { Middleware } from 'koa';

/** The headers of an answer that a page needs and cannot read unless it is told. */
export const EXPOSED_HEADERS = 'WWW-Authenticate, Retry-After';

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
