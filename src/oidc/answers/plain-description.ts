import type { Middleware } from 'koa';
import { plainDescription } from '../../endpoints/plain-description.ts';

/** Corrects the descriptions of the library, which repeats the header `Origin`. */
export const plainDescriptions: Middleware = async (ctx, next) => {
  await next();
  const { body } = ctx as { body?: { error_description?: unknown } | null };
  if (typeof body === 'object' && typeof body?.error_description === 'string')
    ctx.body = { ...body, error_description: plainDescription(body.error_description) };
};
