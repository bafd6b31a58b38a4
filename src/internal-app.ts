import { createServer, type Server } from 'node:http';
import Router from '@koa/router';
import Koa from 'koa';
import type { Services } from './compose.ts';
import { createClusterMetrics } from './platform/metrics.ts';

/**
 * What only operators may see, on a port of its own (INTERNAL_PORT) that nobody else can reach: metrics, and health
 * with its reasons. A second application rather than guarded paths of the first.
 */
export function createInternalApp({
  database,
  databaseTime,
  keyRings,
  listnrKnowledge,
  metrics,
}: Pick<Services, 'database' | 'databaseTime' | 'keyRings' | 'listnrKnowledge' | 'metrics'>): Koa {
  const router = new Router();
  router.get('/metrics', async (ctx) => {
    ctx.type = metrics.registry.contentType;
    ctx.body = await metrics.registry.metrics();
  });
  router.get('/healthz', (ctx) => {
    ctx.body = { status: 'ok', uptimeSeconds: Math.floor(process.uptime()), pid: process.pid };
  });
  router.get('/readyz', async (ctx) => {
    const started = performance.now();
    const error = await database.ready().then(
      () => undefined,
      (cause: Error) => cause.message,
    );
    ctx.status = error ? 503 : 200;
    ctx.body = {
      status: error ? 'not ready' : 'ready',
      database: {
        kind: database.kind,
        ms: Math.round(performance.now() - started),
        ...(error ? { error } : {}),
      },
      clock: { offsetSeconds: databaseTime.offsetSeconds },
      keys: { oidc: keyRings.oidc.current.kid, listnr: keyRings.listnr.current.kid },
      listnr: { clients: listnrKnowledge.clients, knowledgeAgeSeconds: listnrKnowledge.ageSeconds() },
    };
  });
  const app = new Koa();
  app.use(router.routes() as never);
  return app;
}

/** In a cluster the primary answers, with the sum over its processes. */
export function createClusterInternalServer(): Server {
  const { metrics, contentType } = createClusterMetrics();
  return createServer(async (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(request.url === '/healthz' ? 200 : 404).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': contentType }).end(await metrics());
  });
}
