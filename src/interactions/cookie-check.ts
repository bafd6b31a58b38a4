import type { Context } from 'koa';
import { singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { type ErrorPage, HttpError } from '../platform/errors.ts';

const COOKIE = 'listo_cookies';

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
  const [path = ''] = address.split('?');
  offerCookie(ctx, path, { https });
  if (singleValue(ctx.query.cookies) === 'checked') return false;
  redirect(ctx, `${address}${address.includes('?') ? '&' : '?'}cookies=checked`);
  return undefined;
}

/** Sets the cookie, until the browser is closed, with a page whose form leads to `path`. */
export function offerCookie(ctx: Context, path: string, { https }: { https: boolean }): void {
  ctx.append('Set-Cookie', `${COOKIE}=1; path=${path}; httponly; samesite=lax${https ? '; secure' : ''}`);
}

/** Tells a person that nothing can go on without cookies. */
export function cookiesBlocked(
  ctx: Context,
  issuer: string,
  ways: Pick<ErrorPage, 'links' | 'retryAt'>,
): HttpError {
  const { host } = new URL(issuer);
  const text = `Signing in needs cookies. Allow those of ${host} in the settings of your browser (private windows and extensions may block them, too).`;
  const hint = 'Then begin again.';
  logFacts(ctx.req, { detail: 'the browser keeps no cookies' });
  return new HttpError({
    status: 400,
    code: 'invalid_request',
    message: `${text} ${hint}`,
    page: { title: 'Your browser blocks cookies', text, hint, ...ways },
  });
}
