import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { HttpError } from '../../platform/errors.ts';
import { requestLimitKey } from './limit-key.ts';
import type { RateLimit } from './rate-limit.ts';

/** In characters. */
const LONGEST_NAME_KEPT = 64;

/** Refuses an address that sends too many requests. */
export function limitRequests(limit: RateLimit): Middleware {
  return async (ctx, next) => {
    await limit.count(requestLimitKey(ctx.req));
    await next();
  };
}

/**
 * Refuses a client that failed to authenticate too often from one address. It counts by address and client, so that
 * one client's wrong secret does not lock out its neighbours at the same address. A failure is a 401 answered here,
 * or an `invalid_client` on its way to the error handler. (An `invalid_token` does not count: nobody guesses a
 * signature, and one person's expired token must not lock out an office.)
 */
export function limitFailures(limit: RateLimit): Middleware {
  return async (ctx, next) => {
    const key = `${requestLimitKey(ctx.req)} ${bounded(claimedClient(ctx))}`;
    await limit.check(key);
    try {
      await next();
      if (ctx.res.statusCode === 401) await limit.count(key).catch(() => undefined);
    } catch (error) {
      if (error instanceof HttpError && error.code === 'invalid_client')
        await limit.count(key).catch(() => undefined);
      throw error;
    }
  };
}

/** The limit keeps a name for a minute, and the sender chooses its length. */
function bounded(name: string): string {
  return name.length <= LONGEST_NAME_KEPT ? name : `sha256:${hash('sha256', name, 'base64url')}`;
}

function claimedClient(ctx: Context): string {
  const [scheme = '', credentials = ''] = ctx.get('authorization').split(' ');
  if (scheme.toLowerCase() === 'basic')
    return formDecoded(Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] ?? '');
  const { body } = ctx.req as typeof ctx.req & { body?: Record<string, unknown> };
  return String(body?.client_id ?? '');
}

/** RFC 6749 section 2.3.1 form-encodes the client id. All spellings of one id must count as one client. */
function formDecoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
