import type { Context, Middleware } from 'koa';
import { type DeviceCode, type DeviceCodeStore, isDecided } from '../grants/device-code-store.ts';
import { singleValue } from '../http/input/parameters.ts';
import type { Views } from '../http/pages/views.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import type { RateLimit } from '../http/rate-limits/rate-limit.ts';
import type { DeviceProblem } from '../oidc/device-flow.ts';
import type { InstanceResolver } from '../oidc/instance-resolver.ts';
import type { ParsedRequest } from '../oidc/mount.ts';
import { runInContext } from '../oidc/request-context.ts';
import { type Clock, epochSeconds } from '../platform/time/clock.ts';
import { showCodeForm } from './device-pages.ts';

interface Dependencies {
  deviceCodes: DeviceCodeStore;
  signInFailures: RateLimit;
  views: Views;
  resolve: InstanceResolver;
  clock: Clock;
}

/** Many times the length of a code. */
const MAX_LENGTH = 64;

/**
 * Serves the page to which a person comes with their device's code. The code determines the instance, so it is looked
 * up before anything reads a session. Later handlers run in that instance's context, and no longer see the code in the
 * address.
 *
 * A code is short. So an attempt counts before the code is looked up, and a right one is taken back (RFC 8628 section
 * 5.1).
 */
export function knownUserCode({
  deviceCodes,
  signInFailures,
  views,
  resolve,
  clock,
}: Dependencies): Middleware {
  return async (ctx, next) => {
    const typed = submittedCode(ctx).slice(0, MAX_LENGTH);
    const userCode = normalized(typed);
    if (userCode === '')
      return showCodeForm(ctx, { views }, typed === '' ? {} : { problem: 'unknown', typed });

    const attempts = `device ${requestLimitKey(ctx.req)}`;
    await signInFailures.count(attempts);
    const code = await deviceCodes.findByUserCode(userCode);
    const clientId = String(code?.payload.clientId);
    const context = code && (await resolve({ path: ctx.path, clientId }));
    const problem = problemOf(code, { clientIsKnown: context?.client !== undefined, clock });
    if (!context || problem) return showCodeForm(ctx, { views }, { problem: problem ?? 'unknown', typed });

    await signInFailures.giveBack(attempts);
    ctx.url = ctx.path;
    await runInContext({ ...context, userCode }, next);
  };
}

function problemOf(
  code: DeviceCode | undefined,
  { clientIsKnown, clock }: { clientIsKnown: boolean; clock: Clock },
): Exclude<DeviceProblem, 'cancelled'> | undefined {
  if (!code || !clientIsKnown) return 'unknown';
  if (code.consumed || isDecided(code.payload)) return 'used';
  return Number(code.payload.exp) <= epochSeconds(clock) ? 'expired' : undefined;
}

function submittedCode(ctx: Context): string {
  const { user_code } = ctx.method === 'POST' ? ((ctx.req as ParsedRequest).body ?? {}) : ctx.query;
  return singleValue(user_code) ?? '';
}

/** People type a code in lower case, with spaces, or without the hyphen (RFC 8628 section 6.1). */
function normalized(userCode: string): string {
  return userCode.replace(/\W/g, '').toUpperCase();
}
