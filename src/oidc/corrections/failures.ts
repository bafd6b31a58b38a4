import type { Middleware } from 'koa';
import type { Clock } from '../../platform/clock.ts';
import { requestScope } from '../request-scope.ts';
import { ageCookies } from './cookie-age.ts';

/**
 * Takes back what the library could not answer. A failure of ours is kept for `protocol` (mount.ts) and nothing is
 * sent, so that one place answers it; unless the client was told by redirect.
 */
export function takeBackFailures(clock: Clock): Middleware {
  return async (ctx, next) => {
    const scope = requestScope();
    try {
      await next();
    } catch (error) {
      scope.failure = error;
    }
    ageCookies(ctx.res, clock);
    // Revoking answers nothing, and nothing has no type: oidc-client-ts refuses an answer of text.
    if (ctx.body === '') ctx.remove('Content-Type');
    if (!scope.failure || ctx.status === 303) return;
    ctx.remove('Location');
    ctx.respond = false;
  };
}
