import type { Middleware } from 'koa';
import { withinShare } from '../platform/postgres/share.ts';

/** Handles a request within its endpoint's share of connections and its own share of time. */
export function shareDatabase(endpointOf: (path: string) => string): Middleware {
  return (ctx, next) => withinShare(endpointOf(ctx.path), next);
}
