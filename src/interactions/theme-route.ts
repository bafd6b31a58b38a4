import type { Middleware } from 'koa';
import type { InstanceStore } from '../instances/instance-store.ts';
import { themeStylesheet } from '../instances/theme.ts';
import { HttpError } from '../platform/errors.ts';

/** An instance's colours as a stylesheet, because the content policy allows no inline style. */
export function themeRoute({ instances }: { instances: InstanceStore }): Middleware {
  return async (ctx) => {
    const id = /^([a-z0-9-]{1,40})\.css$/.exec(ctx.params.file)?.[1];
    const instance = id ? await instances.find(id) : undefined;
    if (!instance)
      throw new HttpError({ status: 404, code: 'not_found', message: 'There is no such stylesheet.' });
    ctx.set('Cache-Control', 'public, max-age=300');
    ctx.type = 'text/css; charset=utf-8';
    ctx.body = themeStylesheet(instance.brandColor);
  };
}
