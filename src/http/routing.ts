import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { HttpError } from '../platform/errors.ts';

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
  return (end === -1 ? path : path.slice(0, end)).toLowerCase();
}

/** Refuses requests that no router answered: 405 with `Allow` at an address with other methods, otherwise 404. */
export const nothingHere: Middleware = (ctx) => {
  const { matched = [] } = ctx as { matched?: { methods: string[] }[] };
  const methods = new Set(matched.flatMap((route) => route.methods));
  if (methods.size === 0 || methods.has(ctx.method)) {
    throw new HttpError({ status: 404, code: 'not_found', message: 'There is nothing at this address.' });
  }
  throw new HttpError({
    status: 405,
    code: 'invalid_request',
    message: 'This address does not take that method.',
    headers: { Allow: [...methods].join(', ') },
  });
};

/** An API answers JSON, whatever the client accepts. */
export const jsonAnswers: Middleware = (ctx, next) => {
  ctx.req.headers.accept = 'application/json';
  return next();
};
