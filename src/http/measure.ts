import type { Middleware } from 'koa';
import type { Metrics } from '../platform/metrics.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Measures each request under the name of its endpoint. */
export function measureRequests(metrics: Metrics, endpointOf: (path: string) => string): Middleware {
  return async (ctx, next) => {
    const started = performance.now();
    const { method, path } = ctx;
    ctx.res.once('close', () => {
      metrics.observeRequest({
        endpoint: endpointOf(path),
        method: METHODS.has(method) ? method : 'other',
        status: ctx.res.statusCode,
        seconds: (performance.now() - started) / 1000,
      });
    });
    await next();
  };
}
