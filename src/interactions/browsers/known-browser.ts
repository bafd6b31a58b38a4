import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { knownBrowserCookieName } from '../../sessions/known-browser-cookie.ts';

/**
 * Recognizes the browsers in which somebody was right about an account, by a password, a code or a passkey. Each
 * instance has a signed cookie for that. The cookie proves nothing else and names nobody. It only keeps strangers' guesses from shutting the owner
 * out.
 */
export interface KnownBrowsers {
  /** The id of the browser, if it is known to the account. */
  find(ctx: Context, instanceId: string, account: string): string | undefined;
  /** Makes the browser known to the account, for a year. */
  remember(ctx: Context, instanceId: string, account: string): void;
}

const LIFETIME_SECONDS = 365 * 24 * 60 * 60;
/** People may share a browser. */
const MOST_ACCOUNTS = 5;

/** One account's part of the cookie. */
interface Entry {
  id: string;
  since: string;
  mac: string;
}

export function createKnownBrowsers({
  keys,
  https,
  clock,
}: {
  /** The first signs, and all of them verify. */
  keys: readonly string[];
  https: boolean;
  clock: Clock;
}): KnownBrowsers {
  const nameOf = (instanceId: string) => knownBrowserCookieName(instanceId, { https });
  const sign = (key: string, account: string, { id, since }: Omit<Entry, 'mac'>) =>
    createHmac('sha256', key).update(`known browser:${account}:${id}:${since}`).digest();

  const isOf = (account: string, entry: Entry) => {
    const mac = Buffer.from(entry.mac, 'base64url');
    const age = epochSeconds(clock) - Number.parseInt(entry.since, 36);
    return (
      age < LIFETIME_SECONDS &&
      keys.some((key) => {
        const expected = sign(key, account, entry);
        return mac.length === expected.length && timingSafeEqual(mac, expected);
      })
    );
  };

  const entriesOf = (ctx: Context, instanceId: string) =>
    parse(ctx.cookies.get(nameOf(instanceId), { signed: false }) ?? '');

  return {
    find: (ctx, instanceId, account) => entriesOf(ctx, instanceId).find((entry) => isOf(account, entry))?.id,

    remember(ctx, instanceId, account) {
      const entries = entriesOf(ctx, instanceId);
      const id = entries.find((entry) => isOf(account, entry))?.id ?? randomBytes(16).toString('base64url');
      const since = epochSeconds(clock).toString(36);
      const mac = sign(keys[0] ?? '', account, { id, since }).toString('base64url');
      const others = entries.filter((entry) => !isOf(account, entry)).slice(0, MOST_ACCOUNTS - 1);
      const value = [{ id, since, mac }, ...others].map((entry) => `${entry.id}~${entry.since}~${entry.mac}`);
      ctx.append(
        'Set-Cookie',
        `${nameOf(instanceId)}=${value.join('.')}; path=/; max-age=${LIFETIME_SECONDS}; httponly; samesite=lax${https ? '; secure' : ''}`,
      );
    },
  };
}

function parse(cookie: string): Entry[] {
  return cookie
    .split('.')
    .map((part) => /^([\w-]{22})~([0-9a-z]{1,9})~([\w-]{43})$/.exec(part))
    .flatMap((match) => (match ? [{ id: match[1] ?? '', since: match[2] ?? '', mac: match[3] ?? '' }] : []))
    .slice(0, MOST_ACCOUNTS);
}
