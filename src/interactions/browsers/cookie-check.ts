import type { Context } from 'koa';
import { singleValue } from '../../http/input/parameters.ts';
import { redirect } from '../../http/pages/redirect.ts';
import { logFacts } from '../../http/records/log-fields.ts';
import type { ErrorPage, HttpError } from '../../platform/errors.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';

const COOKIE = 'listo_cookies';
/** Any cookie of this server in a `Cookie` header, but for the one of the check. */
const OURS = new RegExp(`(?:^|; *)(?:__(?:Host|Secure)-)?listo_(?!${COOKIE.slice('listo_'.length)}=)`);
/** In the address of the check: why a page is missing its cookie. */
const LOST = 'lost';
const CHECKED = 'checked';

/** Whether a form came without any cookie of ours, or this is the check that follows such a form. */
export function isFormWithoutCookies(ctx: Context): boolean {
  if (ctx.method === 'POST') return !OURS.test(ctx.get('cookie'));
  return singleValue(ctx.query.cookies) === LOST;
}

/**
 * Finds out whether the browser keeps cookies, for a page that misses its own. It sets one and sends the browser to the
 * same address again, once. Returns undefined when it has sent the browser there.
 */
export function keepsCookies(
  ctx: Context,
  address: string,
  { https, lost = false }: { https: boolean; lost?: boolean },
): boolean | undefined {
  const keeps = ctx.cookies.get(COOKIE, { signed: false }) !== undefined;
  if (keeps) return true;
  const [path = ''] = address.split('?');
  offerCookie(ctx, path, { https });
  if ([CHECKED, LOST].includes(singleValue(ctx.query.cookies) ?? '')) return false;
  redirect(ctx, `${address}${address.includes('?') ? '&' : '?'}cookies=${lost ? LOST : CHECKED}`);
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
  logFacts(ctx.req, { detail: 'the browser keeps no cookies' });
  return refusal(
    { title: 'Your browser blocks cookies', text, hint: 'Then begin again.', ...ways },
    { reason: 'cookies.blocked' },
  );
}

/** Tells a person that their browser keeps cookies, and sent a form without those of its page. */
export function cookiesLost(ctx: Context, ways: Pick<ErrorPage, 'links'>): HttpError {
  const text =
    'Signing in needs the cookie that came with the page. It was deleted since, or the browser held it back.';
  const hint = 'To begin again, go back to the application and sign in there.';
  logFacts(ctx.req, { detail: 'a form came without any cookie of ours, from a browser that keeps cookies' });
  return refusal(
    { title: 'Your browser did not send our cookie', text, hint, ...ways },
    { reason: 'cookies.lost' },
  );
}

function refusal(page: ErrorPage & { text: string; hint: string }, why: Refusal): HttpError {
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: `${page.text} ${page.hint}`,
    why,
    page,
  });
}
