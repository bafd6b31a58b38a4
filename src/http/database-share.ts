import type { Middleware } from 'koa';
import { withinShare } from '../platform/postgres/share.ts';

/** Asks the database on behalf of the request's endpoint, which has its share of the connections and of the time. */
export function shareDatabase(endpointOf: (path: string) => string): Middleware {
  return (ctx, next) => withinShare(endpointOf(ctx.path), next);
}
