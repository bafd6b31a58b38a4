import type { Context } from 'koa';

/** RFC 6749 section 5.1: no cache keeps the answer. `Pragma` is for the caches of HTTP/1.0. */
export function forbidCaching(ctx: Context): void {
  ctx.set('Cache-Control', 'no-store');
  if (ctx.method === 'POST') ctx.set('Pragma', 'no-cache');
}
