import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';
import type { Middleware } from 'koa';

/**
 * The headers every answer carries. Pages need nothing but their own stylesheet and pictures, so that is all the
 * policy allows: no script, no inline style, no frame. A page that posts onwards, or shows an instance's logo,
 * widens it with `allowOnPage`.
 */
export function securityHeaders({ https }: { https: boolean }): Middleware {
  const headers = headersOf({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    crossOriginResourcePolicy: false,
    // An application may open its sign-in in a pop-up, and hears of the end of it through `opener`.
    crossOriginOpenerPolicy: false,
  });
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** What helmet would set on each answer; none of it depends on the request, so it is asked once. */
function headersOf(options: HelmetOptions): [string, string][] {
  const headers: [string, string][] = [];
  const answer = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader() {},
  };
  helmet(options)({} as IncomingMessage, answer as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return headers;
}

const POLICY = {
  'default-src': ["'none'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/**
 * The policy of one page that needs more: `formTargets` are where its form may end up, `images` where its logo is.
 *
 * Chromium holds every redirect after a submission against form-action, those that the application answers with
 * included (its callback may lead on to another host of its own). So only their scheme can be said.
 */
export function pagePolicy({
  formTargets = [],
  images = [],
  scripts = false,
}: {
  formTargets?: readonly string[];
  images?: readonly string[];
  scripts?: boolean;
}): string {
  const directives: Record<string, readonly string[]> = {
    ...POLICY,
    'form-action': ["'self'", ...formTargets.map((uri) => new URL(uri).protocol)],
    'img-src': ["'self'", ...images.filter((uri) => /^https?:/.test(uri)).map((uri) => new URL(uri).origin)],
    ...(scripts ? { 'script-src': ["'self'"], 'connect-src': ["'self'"] } : {}),
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${[...new Set(sources)].join(' ')}`)
    .join(';');
}
