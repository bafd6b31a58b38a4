import type { Context } from 'koa';

/** Sends the browser on to another page, by GET, and leaves nothing in a cache. */
export function redirect(ctx: Context, to: string): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(to);
}
