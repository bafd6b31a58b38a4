import type Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { createRouter } from './routing.ts';

/**
 * `/healthz`: this process answers. `/readyz`: it can also serve, so the database answers and the keys are there.
 * `/readyz/listnr`: it can serve LiSTNR tokens and documents, which need no database, because the process reads all
 * their data before it listens. The two readiness routes answer 503 before the process serves and again before it
 * stops. It still serves then, but balancers stop sending requests.
 */
export function healthRoutes({
  ready,
  unready,
}: {
  ready(): Promise<void>;
  unready(): 'starting' | 'draining' | undefined;
}): Router {
  const router = createRouter();
  let asking: Promise<void> | undefined;
  const unlessUnready: Middleware = async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    const status = unready();
    if (status === undefined) return next();
    ctx.status = 503;
    ctx.set('Retry-After', '5');
    answer(ctx, status);
  };
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    answer(ctx, 'ok');
  });
  router.get('/readyz/listnr', unlessUnready as never, (ctx) => answer(ctx, 'ready'));
  router.get('/readyz', unlessUnready as never, async (ctx) => {
    // Requests at the same time share one query.
    asking ??= ready().finally(() => {
      asking = undefined;
    });
    await asking;
    answer(ctx, 'ready');
  });
  return router;
}

/**
 * As text: for an object, Koa asks whether it is a `Response`, which makes Node load all of `fetch`. So the first health
 * check would take 3 MB in each process.
 */
function answer(ctx: Pick<Context, 'type' | 'body'>, status: string): void {
  ctx.type = 'json';
  ctx.body = JSON.stringify({ status });
}
