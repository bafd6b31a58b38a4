import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { HttpError } from '../../platform/errors.ts';

/**
 * The browser in which a person asks for a link by mail, by a cookie of an hour. The link works only there. The value is
 * random and proves nothing else.
 */
export interface AskingBrowser {
  /** Its value, which a page makes if there is none. */
  of(ctx: Context): string;
  /** Its value in a form. @throws HttpError 400 when the browser keeps no cookies. */
  ofForm(ctx: Context): string;
}

const LIFETIME_SECONDS = 60 * 60;

export function createAskingBrowser({ https }: { https: boolean }): AskingBrowser {
  const name = `${https ? '__Host-' : ''}listo_asking`;
  const find = (ctx: Context) => {
    const value = ctx.cookies.get(name, { signed: false }) ?? '';
    return /^[\w-]{43}$/.test(value) ? value : undefined;
  };
  return {
    of(ctx) {
      const value = find(ctx) ?? randomBytes(32).toString('base64url');
      ctx.append(
        'Set-Cookie',
        `${name}=${value}; path=/; max-age=${LIFETIME_SECONDS}; httponly; samesite=lax${https ? '; secure' : ''}`,
      );
      return value;
    },
    ofForm(ctx) {
      const value = find(ctx);
      if (value !== undefined) return value;
      const text = 'This page needs a cookie, which your browser did not send.';
      const hint = 'Allow the cookies of this site, open the page again, and try again there.';
      throw new HttpError({
        status: 400,
        code: 'invalid_request',
        message: `${text} ${hint}`,
        page: { title: 'Your browser did not send our cookie', text, hint },
      });
    },
  };
}
