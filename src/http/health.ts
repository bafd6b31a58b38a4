import Router from '@koa/router';
import type { Middleware } from 'koa';

/**
 * `/healthz`: this process answers. `/readyz`: it can also serve, which takes the database and the keys.
 * `/readyz/listnr`: it can serve what takes no database, LiSTNR tokens and the documents. All of that was read before
 * there was anything to ask. Both are 503 before a process serves, and once it is about to stop, which it says while it
 * still serves, so that nobody sends it more.
 */
export function healthRoutes({
  ready,
  unready,
}: {
  ready(): Promise<void>;
  unready(): 'starting' | 'draining' | undefined;
}): Router {
  const router = new Router();
  let asking: Promise<void> | undefined;
  const unlessUnready: Middleware = async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    const status = unready();
    if (status === undefined) return next();
    ctx.status = 503;
    ctx.set('Retry-After', '5');
    ctx.body = { status };
  };
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz/listnr', unlessUnready as never, (ctx) => {
    ctx.body = { status: 'ready' };
  });
  router.get('/readyz', unlessUnready as never, async (ctx) => {
    // However many ask at once, the database is asked once.
    asking ??= ready().finally(() => {
      asking = undefined;
    });
    await asking;
    ctx.body = { status: 'ready' };
  });
  return router;
}
