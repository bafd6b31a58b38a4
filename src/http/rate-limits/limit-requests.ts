import { hash } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import { LRUCache } from 'lru-cache';
import { HttpError } from '../../platform/errors.ts';
import { guardComparisons } from '../../platform/secrets/slow-comparisons.ts';
import { isPreflight } from '../cross-origin-failures.ts';
import { claimedClient } from '../input/claimed-client.ts';
import { requestLimitKey } from './limit-key.ts';
import type { RateLimit } from './rate-limit.ts';

/** In characters. */
const LONGEST_NAME_KEPT = 64;

/** Refuses an address that sends too many requests. Preflights do not count. It leaves those to `exceptPosts` to `limitClients`. */
export function limitRequests(
  limit: RateLimit,
  { exceptPosts }: { exceptPosts: ReadonlySet<string> },
): Middleware {
  return async (ctx, next) => {
    const counted = !isPreflight(ctx) && (ctx.method !== 'POST' || !exceptPosts.has(ctx.path));
    if (counted) await limit.count(requestLimitKey(ctx.req));
    await next();
  };
}

/** The requests that somebody with a token makes are not anonymous, so they do not count. */
export function uncountTokens(limit: RateLimit): Middleware {
  return async (ctx, next) => {
    await next();
    if (ctx.res.statusCode < 400 && !isPreflight(ctx)) await limit.giveBack(requestLimitKey(ctx.req));
  };
}

export interface ClientLimits {
  requests: RateLimit;
  clientFailures: RateLimit;
}

/** How long a client that has authenticated is no anonymous sender, at its address. */
const KNOWN_FOR_MS = 10 * 60 * 1000;

/**
 * Limits the requests of clients. One that has authenticated at this address may send as many as it likes: it serves
 * thousands of people from there. All others count as anonymous ones.
 *
 * It also refuses a client that failed to authenticate too often from one address. It counts by address and client, so
 * that one client's wrong secret does not lock out its neighbours at the same address. A failure is a 401 answered
 * here, or an `invalid_client` on its way to the error handler. (An `invalid_token` does not count: nobody guesses a
 * signature, and one person's expired token must not lock out an office.)
 */
export function limitClients({ requests, clientFailures }: ClientLimits): Middleware {
  const authenticated = new LRUCache<string, true>({ max: 20_000, ttl: KNOWN_FOR_MS });

  return async (ctx, next) => {
    // Only a POST names a client.
    if (ctx.method !== 'POST') return next();
    const address = requestLimitKey(ctx.req);
    const key = `${address} ${bounded(claimedClient(ctx))}`;
    const known = authenticated.has(key);
    await (known ? requests.check(`refused ${key}`) : requests.count(address));
    await clientFailures.check(key);
    let counted = false;
    const failed = async () => {
      if (known) await requests.count(`refused ${key}`).catch(() => undefined);
    };
    const wrongSecret = async () => {
      if (!counted) await clientFailures.count(key).catch(() => undefined);
    };
    try {
      const guard = async (compare: () => Promise<boolean>) => {
        const right = await clientFailures.guard(key, compare);
        counted = !right;
        return right;
      };
      await guardComparisons({ lane: address, guard }, next);
      const { statusCode } = ctx.res;
      if (statusCode < 400 && presentsCredentials(ctx)) authenticated.set(key, true);
      if (statusCode !== 401) return;
      await failed();
      await wrongSecret();
    } catch (error) {
      if (error instanceof HttpError && error.status === 401) await failed();
      if (error instanceof HttpError && error.code === 'invalid_client') await wrongSecret();
      throw error;
    }
  };
}

/** A public client, which has no credentials, is as anonymous as its sender. Some send an empty secret. */
function presentsCredentials(ctx: Context): boolean {
  const { body } = ctx.req as typeof ctx.req & { body?: Record<string, unknown> };
  return (
    hasCredentials(ctx.get('authorization')) ||
    Boolean(body?.client_secret) ||
    Boolean(body?.client_assertion)
  );
}

function hasCredentials(authorization: string): boolean {
  const [scheme = '', encoded = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic') return authorization !== '';
  const [, ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return secret.join(':') !== '';
}

/** The limit keeps a name for a minute, and the sender chooses its length. */
function bounded(name: string): string {
  return name.length <= LONGEST_NAME_KEPT ? name : `sha256:${hash('sha256', name, 'base64url')}`;
}
