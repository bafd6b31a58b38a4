import Router from '@koa/router';

/**
 * `/healthz`: this process answers. `/readyz`: it can also serve, which takes the database and the keys.
 * `/readyz/listnr`: it can serve what takes no database, LiSTNR tokens and the documents. All of that was read before
 * there was anything to ask, so that this one turns red only when the process is about to end.
 */
export function healthRoutes({ ready }: { ready(): Promise<void> }): Router {
  const router = new Router();
  let asking: Promise<void> | undefined;
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz/listnr', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ready' };
  });
  router.get('/readyz', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    // However many ask at once, the database is asked once.
    asking ??= ready().finally(() => {
      asking = undefined;
    });
    await asking;
    ctx.body = { status: 'ready' };
  });
  return router;
}
