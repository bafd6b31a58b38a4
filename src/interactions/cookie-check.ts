import type { Context } from 'koa';
import { singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';

const COOKIE = 'listo_cookies';
const LIFETIME_SECONDS = 60;

/**
 * Finds out whether the browser keeps cookies, for a page that misses its own. It sets one and sends the browser to the
 * same address again, once. Returns undefined when it has sent the browser there.
 */
export function keepsCookies(
  ctx: Context,
  address: string,
  { https }: { https: boolean },
): boolean | undefined {
  const keeps = ctx.cookies.get(COOKIE, { signed: false }) !== undefined;
  if (keeps) return true;
  const [path] = address.split('?');
  ctx.append(
    'Set-Cookie',
    `${COOKIE}=1; path=${path}; max-age=${LIFETIME_SECONDS}; httponly; samesite=lax${https ? '; secure' : ''}`,
  );
  if (singleValue(ctx.query.cookies) === 'checked') return false;
  redirect(ctx, `${address}${address.includes('?') ? '&' : '?'}cookies=checked`);
  return undefined;
}
