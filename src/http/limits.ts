import { createHash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { RateLimit } from './rate-limit.ts';
import { requestState } from './request-state.ts';

/** Refuses an address that asks too often. */
export function limitRequests(limit: RateLimit): Middleware {
  return async (ctx, next) => {
    await limit.count(requestState(ctx.req).ip);
    await next();
  };
}

/**
 * Refuses a client that failed to authenticate too often from one address. Counted by both, so that one client's
 * wrong secret does not shut out its neighbours behind the same address.
 */
export function limitFailures(limit: RateLimit): Middleware {
  return async (ctx, next) => {
    const key = `${requestState(ctx.req).ip} ${createHash('sha256').update(claimedClient(ctx)).digest('base64url')}`;
    await limit.check(key);
    await next();
    if (ctx.res.statusCode === 401) await limit.count(key).catch(() => undefined);
  };
}

function claimedClient(ctx: Context): string {
  const [scheme = '', credentials = ''] = ctx.get('authorization').split(' ');
  if (scheme.toLowerCase() === 'basic')
    return Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] ?? '';
  const { body } = ctx.req as typeof ctx.req & { body?: Record<string, unknown> };
  return String(body?.client_id ?? '');
}
