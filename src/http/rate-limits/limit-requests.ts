import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { createRecent } from '../../platform/copies/recent.ts';
import { HttpError } from '../../platform/errors.ts';
import { guardComparisons } from '../../platform/secrets/slow-comparisons.ts';
import { isPreflight } from '../cross-origin-failures.ts';
import { type Claims, claimedClient, claimsOf } from '../input/claimed-client.ts';
import { requestState } from '../records/request-state.ts';
import { requestLimitKey } from './limit-key.ts';
import type { RateLimit } from './rate-limit.ts';

/** In characters. */
const LONGEST_NAME_KEPT = 64;

/**
 * Refuses an address that sends too many requests. Preflights do not count. It leaves those to `exceptPosts` to the
 * limits of clients.
 */
export function limitRequests(
  limit: RateLimit,
  { exceptPosts }: { exceptPosts: ReadonlySet<string> },
): Middleware {
  return async (ctx, next) => {
    const counted = !isPreflight(ctx) && (ctx.method !== 'POST' || !exceptPosts.has(ctx.path));
    if (counted) limit.count(requestLimitKey(ctx.req));
    await next();
  };
}

export interface ClientLimits {
  requests: RateLimit;
  clientFailures: RateLimit;
}

/** Limits a request by its address, and perhaps by the client that it names. Refuses it before `work`. */
export type LimitRequest = <Answer extends { status: number }>(
  req: IncomingMessage,
  claims: Claims,
  work: () => Promise<Answer>,
) => Promise<Answer>;

/**
 * The requests that somebody with a token makes are not anonymous, so they do not count. `isCounted` says that
 * `limitRequests` has counted the request before.
 */
export function limitTokens(limit: RateLimit, { isCounted }: { isCounted: boolean }): LimitRequest {
  return async (req, _claims, work) => {
    const key = requestLimitKey(req);
    if (!isCounted) limit.count(key);
    const answer = await work();
    if (answer.status < 400) limit.giveBack(key);
    return answer;
  };
}

/** How long a client that has authenticated is no anonymous sender, at its address. */
const KNOWN_FOR_MS = 10 * 60 * 1000;

/**
 * A client that has authenticated at this address may send as many requests as it likes: it serves thousands of people
 * from there. All others count as anonymous ones.
 *
 * It also refuses a client that failed to authenticate too often from one address. It counts by address and client, so
 * that one client's wrong secret does not lock out its neighbours at the same address. A failure is a 401 answered
 * here, or an `invalid_client` on its way to the error handler. (An `invalid_token` does not count: nobody guesses a
 * signature, and one person's expired token must not lock out an office.)
 */
export function createClientLimit({ requests, clientFailures }: ClientLimits): LimitRequest {
  const authenticated = createRecent<true>({ max: 20_000, ttlMs: KNOWN_FOR_MS });

  return async (req, claims, work) => {
    const address = requestLimitKey(req);
    const key = `${address} ${bounded(claimedClient(claims))}`;
    const known = authenticated.has(key);
    if (known) requests.check(`refused ${key}`);
    else requests.count(address);
    clientFailures.check(key);
    let counted = false;
    const failed = () => {
      if (known) requests.note(`refused ${key}`);
    };
    const wrongSecret = () => {
      if (!counted) clientFailures.note(key);
    };
    try {
      const guard = async (compare: () => Promise<boolean>) => {
        const right = await clientFailures.guard(key, compare);
        counted = !right;
        return right;
      };
      const answer = await guardComparisons({ lane: address, guard }, work);
      // A certificate is none of the claims.
      const hasProved = requestState(req).log.clientIs === 'authenticated' || presentsCredentials(claims);
      if (answer.status < 400 && hasProved) authenticated.set(key, true);
      if (answer.status === 401) {
        failed();
        wrongSecret();
      }
      return answer;
    } catch (error) {
      if (error instanceof HttpError && error.status === 401) failed();
      if (error instanceof HttpError && error.code === 'invalid_client') wrongSecret();
      throw error;
    }
  };
}

/** A limit for Koa, for the requests of some methods. */
export function limited(limit: LimitRequest, methods: readonly string[]): Middleware {
  return async (ctx, next) => {
    if (!methods.includes(ctx.method)) return next();
    await limit(ctx.req, claimsOf(ctx), async () => {
      await next();
      return { status: ctx.res.statusCode };
    });
  };
}

/** A public client, which has no credentials, is as anonymous as its sender. Some send an empty secret. */
function presentsCredentials({ authorization = '', body }: Claims): boolean {
  return hasCredentials(authorization) || Boolean(body?.client_secret) || Boolean(body?.client_assertion);
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
