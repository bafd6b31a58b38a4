import type { Middleware } from 'koa';
import { logText } from '../../platform/log/log-text.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { shown } from '../../refusals/shown.ts';
import { logFacts } from '../records/log-fields.ts';

/**
 * Refuses a form that a page of another origin sent. Browsers say it in two headers: `Sec-Fetch-Site`, only where the
 * connection is secure, and `Origin`, which our pages permit (`Referrer-Policy`, views.ts). Both have to be right. An
 * origin that the browser withholds (`null`) passes only where `Sec-Fetch-Site` says that it is ours. Old browsers and
 * programs send neither; for them the form's token alone decides.
 *
 * The origin is the issuer's, whatever host or proxy a request came through (issuer-origin.ts).
 */
export function onlyFromOwnPages(issuer: string): Middleware {
  const own = new URL(issuer).origin;
  return (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    const site = ctx.get('Sec-Fetch-Site');
    const origin = ctx.get('Origin');
    const isOwnSite = site === '' || site === 'same-origin' || site === 'none';
    const isOwnOrigin = origin === '' || origin === own || (origin === 'null' && site === 'same-origin');
    if (isOwnSite && isOwnOrigin) return next();
    logFacts(ctx.req, {
      detail: `the form came from ${logText(origin) || 'another origin'}, not from ${own}`,
    });
    throw refusedRequest({
      status: 403,
      code: 'invalid_request',
      message: `This form was not sent from a page at ${own}. Please open the page there and try again.`,
      why: {
        reason: 'form.from_elsewhere',
        ...(origin === '' ? {} : { came: { origin: shown(origin) } }),
        expected: { origin: own },
      },
      page: {
        title: 'This form came from elsewhere',
        text: `Forms are taken only from pages at ${own}.`,
        retryAt: `${own}${ctx.path}`,
      },
    });
  };
}
