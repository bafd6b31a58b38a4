import type Router from '@koa/router';
import { HttpError } from '../../platform/errors.ts';
import { createRouter } from '../routing.ts';
import type { Views } from './views.ts';

/**
 * Serves the stylesheet and pictures of our pages. Their names carry a fingerprint, so browsers keep them for a year.
 */
export function assetRoutes({ views }: { views: Views }): Router {
  const router = createRouter();
  router.get('/assets/:name', (ctx) => {
    const asset = views.asset(ctx.params.name ?? '');
    if (!asset) throw new HttpError({ status: 404, code: 'not_found', message: 'There is no such file.' });
    ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
    ctx.type = asset.type;
    ctx.body = asset.body;
  });
  return router;
}
