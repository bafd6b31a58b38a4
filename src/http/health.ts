import Router from '@koa/router';

/** `/healthz`: this process answers. `/readyz`: it can also serve, which takes the database and the keys. */
export function healthRoutes({ ready }: { ready(): Promise<void> }): Router {
  const router = new Router();
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    await ready();
    ctx.body = { status: 'ready' };
  });
  return router;
}
