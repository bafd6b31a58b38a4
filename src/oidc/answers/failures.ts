import type { Middleware } from 'koa';
import type { Clock } from '../../platform/time/clock.ts';
import { requestContext } from '../request-context.ts';
import { ageCookies } from './cookie-age.ts';

/**
 * Takes back requests that the library could not answer. It keeps our failure for `protocol` (mount.ts) and sends
 * nothing, so that one place answers. An answer by redirect to the client stays.
 */
export function takeBackFailures(clock: Clock): Middleware {
  return async (ctx, next) => {
    const context = requestContext();
    try {
      await next();
    } catch (error) {
      context.failure = error;
    }
    ageCookies(ctx.res, clock);
    if (!context.failure || ctx.status === 303) return;
    ctx.remove('Location');
    ctx.respond = false;
  };
}
