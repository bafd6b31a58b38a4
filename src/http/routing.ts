import Router from '@koa/router';
import type { Middleware } from 'koa';
import { refusedRequest } from '../refusals/refused-request.ts';
import { redirect } from './pages/redirect.ts';

/**
 * A router whose paths have one spelling each: letter case and a slash at the end count, because middleware, limits and
 * metrics compare paths. A browser at another spelling of a page is sent to the page (`toOneSpelling`).
 */
export function createRouter(): Router {
  return new Router({ strict: true, sensitive: true });
}

/**
 * Sends a browser on that asks for a page in capitals or with a slash behind it, as people type an address. Programs
 * have addresses from discovery or a document, and get the 404 of any unknown address.
 */
export function toOneSpelling(routers: readonly Router[]): Middleware {
  const pages = new Set(
    routers
      .flatMap(({ stack }) => stack)
      .filter(({ methods, path }) => methods.includes('GET') && !String(path).includes(':'))
      .map(({ path }) => String(path)),
  );
  return (ctx, next) => {
    const meant = ctx.path.toLowerCase().replace(/\/+$/, '');
    const isOther = meant !== ctx.path && pages.has(meant);
    if (!isOther || ctx.method !== 'GET' || ctx.accepts('json', 'html') !== 'html') return next();
    redirect(ctx, `${meant}${ctx.search}`);
  };
}

/** Asks a router only for paths that begin like one of its own. The router itself would try all its routes. */
export function routesOf(router: Router): Middleware {
  const routes = router.routes();
  const known = new Set(router.stack.map(({ path }) => beginning(String(path).replace(/\/:.*$/, ''), 2)));
  const mayAnswer = (path: string) => known.has(beginning(path, 2)) || known.has(beginning(path, 1));
  return (ctx, next) => (mayAnswer(ctx.path) ? routes(ctx as never, next) : next());
}

/** The first segments of a path. */
function beginning(path: string, segments: 1 | 2): string {
  let end = path.indexOf('/', 1);
  if (segments === 2 && end !== -1) end = path.indexOf('/', end + 1);
  return end === -1 ? path : path.slice(0, end);
}

/** Refuses requests that no router answered: 405 with `Allow` at an address with other methods, otherwise 404. */
export const nothingHere: Middleware = (ctx) => {
  const { matched = [] } = ctx as { matched?: { methods: string[] }[] };
  const methods = new Set(matched.flatMap((route) => route.methods));
  if (methods.size === 0 || methods.has(ctx.method)) {
    throw refusedRequest({
      status: 404,
      code: 'not_found',
      message: 'There is nothing at this address.',
      why: { reason: 'address.unknown' },
    });
  }
  throw refusedRequest({
    status: 405,
    code: 'invalid_request',
    message: 'This address does not take that method.',
    headers: { Allow: [...methods].join(', ') },
    why: {
      reason: 'method.not_allowed',
      came: { method: ctx.method },
      expected: { method: [...methods] },
    },
  });
};

/** An API answers JSON, whatever the client accepts, unless its endpoint has another type (http/endpoint.ts). */
export const jsonAnswers: Middleware = (ctx, next) => {
  ctx.state.accept = ctx.req.headers.accept;
  ctx.req.headers.accept = 'application/json';
  return next();
};
