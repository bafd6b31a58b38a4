import type { Context } from 'koa';

/** Sends the browser to another page by GET, uncached. */
export function redirect(ctx: Context, to: string): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(to);
}
