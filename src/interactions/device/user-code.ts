import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Refusals } from '../../audit/refusals.ts';
import { deviceCodeBuckets } from '../../authentication/guesses/buckets.ts';
import type { Guesses } from '../../authentication/guesses/guesses.ts';
import { type DeviceCode, type DeviceCodeStore, isDecided } from '../../grants/device-code-store.ts';
import { type RequestParameters, singleValue } from '../../http/input/parameters.ts';
import { refusedByLimit } from '../../http/pages/refused-by-limit.ts';
import type { Views } from '../../http/pages/views.ts';
import { requestLimitKey } from '../../http/rate-limits/limit-key.ts';
import { originOf } from '../../http/records/request-state.ts';
import type { DeviceProblem } from '../../oidc/configuration/device-flow.ts';
import type { InstanceResolver } from '../../oidc/instance-resolver.ts';
import type { ParsedRequest } from '../../oidc/mount.ts';
import { runInContext } from '../../oidc/request-context.ts';
import { PATHS } from '../../oidc/routes.ts';
import { HttpError } from '../../platform/errors.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { instancesInCookies, sessionCookieName } from '../../sessions/session-cookie.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { cookiesBlocked, keepsCookies, offerCookie } from '../browsers/cookie-check.ts';
import { showCodeForm } from './device-pages.ts';

interface Dependencies {
  deviceCodes: DeviceCodeStore;
  sessions: SessionStore;
  guesses: Guesses;
  refusals: Refusals;
  failuresPerMinute: number;
  issuer: string;
  https: boolean;
  views: Views;
  resolve: InstanceResolver;
  addressMac(req: IncomingMessage): Buffer;
  clock: Clock;
}

/** Many times the length of a code. */
const MAX_LENGTH = 64;
/** The button of somebody who is not the one who is signed in, beside `yes`. */
const AS_ANOTHER_PERSON = 'another';
/** Sessions of one browser that are looked up. */
const MOST_LOOK_UPS = 3;

/**
 * Serves the page to which a person comes with their device's code. The code determines the instance, so it is looked
 * up before anything reads a session. Later handlers run in that instance's context, and no longer see the code in the
 * address.
 *
 * A code is short, so guesses are limited (RFC 8628 section 5.1).
 */
export function knownUserCode(dependencies: Dependencies): Middleware {
  const { deviceCodes, guesses, refusals, failuresPerMinute, views, resolve, addressMac, clock } =
    dependencies;

  const lookUp = async (path: string, userCode: string) => {
    const code = await deviceCodes.findByUserCode(userCode);
    const context = code && (await resolve({ path, clientId: String(code.payload.clientId) }));
    const problem = problemOf(code, { clientIsKnown: context?.client !== undefined, clock });
    return { context, problem };
  };

  return async (ctx, next) => {
    const typed = (singleValue(submitted(ctx).user_code) ?? '').slice(0, MAX_LENGTH);
    if (!goesOnWithCookies(ctx, typed, dependencies)) return;
    const userCode = normalized(typed);
    if (userCode === '')
      return showCodeForm(ctx, { views }, typed === '' ? {} : { problem: 'unknown', typed });

    const guesser = {
      address: requestLimitKey(ctx.req),
      personId: await signedInPerson(ctx, dependencies),
    };
    const judged = await guesses
      .judge({
        buckets: deviceCodeBuckets(guesser, failuresPerMinute),
        evaluate: () => lookUp(ctx.path, userCode),
        isRight: ({ problem }) => problem === undefined,
        onFull: (bucket) =>
          refusals.record(
            { event: 'device_code.locked', personId: guesser.personId, detail: { of: bucket?.of } },
            { network: guesser.address },
            originOf(ctx.req),
          ),
      })
      .catch((error: unknown) => refusedByLimit(ctx, error));
    if (judged instanceof HttpError) return showCodeForm(ctx, { views }, { typed, refusal: judged });
    const { context, problem } = judged;
    if (!context || problem) return showCodeForm(ctx, { views }, { problem: problem ?? 'unknown', typed });

    ctx.url = ctx.path;
    const asAnotherPerson = submitted(ctx).confirm === AS_ANOTHER_PERSON;
    await runInContext(
      {
        ...context,
        ...{ userCode, asAnotherPerson },
        origin: originOf(ctx.req),
        addressMac: () => addressMac(ctx.req),
        userAgent: ctx.get('User-Agent'),
      },
      next,
    );
  };
}

/**
 * Whether the page goes on. A browser without any cookie comes for the first time, or keeps none: the form for the code
 * says that a cookie was offered with it, and so was one with the question that a POST answers. Returns false when the
 * browser is sent to the same address, to find out.
 *
 * @throws HttpError 400 when the browser keeps no cookies.
 */
function goesOnWithCookies(
  ctx: Context,
  typed: string,
  { issuer, https }: Pick<Dependencies, 'issuer' | 'https'>,
): boolean {
  if (ctx.get('cookie') !== '') return true;
  if (ctx.method !== 'POST' && ctx.query.cookies === undefined) {
    offerCookie(ctx, PATHS.code_verification, { https });
    return true;
  }
  const address = `${PATHS.code_verification}?${new URLSearchParams({ user_code: typed })}`;
  if (keepsCookies(ctx, address, { https }) === false)
    throw cookiesBlocked(ctx, issuer, { retryAt: address });
  return false;
}

/** Somebody who is signed in to any instance in this browser. */
async function signedInPerson(
  ctx: Context,
  { sessions, https, clock }: Pick<Dependencies, 'sessions' | 'https' | 'clock'>,
): Promise<string | undefined> {
  for (const instanceId of instancesInCookies(ctx.get('cookie'), { https }).slice(0, MOST_LOOK_UPS)) {
    const id = ctx.cookies.get(sessionCookieName(instanceId, { https }), { signed: true });
    const session = id ? await sessions.find(id) : undefined;
    if (session?.person && Number(session.payload.exp) > epochSeconds(clock)) return session.person.id;
  }
  return undefined;
}

function problemOf(
  code: DeviceCode | undefined,
  { clientIsKnown, clock }: { clientIsKnown: boolean; clock: Clock },
): Exclude<DeviceProblem, 'cancelled'> | undefined {
  if (!code || !clientIsKnown) return 'unknown';
  if (code.consumed || isDecided(code.payload)) return 'used';
  return Number(code.payload.exp) <= epochSeconds(clock) ? 'expired' : undefined;
}

function submitted(ctx: Context): RequestParameters {
  return ctx.method === 'POST' ? ((ctx.req as ParsedRequest).body ?? {}) : (ctx.query as RequestParameters);
}

/**
 * People type a code in lower case, with spaces, with another dash or without any (RFC 8628 section 6.1), and with wide
 * letters, which East Asian keyboards write.
 */
function normalized(userCode: string): string {
  return userCode
    .normalize('NFKC')
    .replace(/[^A-Za-z0-9]/g, '')
    .toUpperCase();
}
