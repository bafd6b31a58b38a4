import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet, { type HelmetOptions } from 'helmet';
import type { Middleware } from 'koa';

/**
 * The headers of every answer. Pages need only their own stylesheet and pictures, so the policy allows nothing else: no
 * script, no inline style, no frame. A page that posts onwards, or shows an instance's logo, has its own `pagePolicy`.
 */
export function securityHeadersOf({ https }: { https: boolean }): Readonly<Record<string, string>> {
  return headersOf({
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    strictTransportSecurity: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    frameguard: { action: 'deny' },
    crossOriginResourcePolicy: false,
    // Pages where nothing goes on set their own (views.ts).
    crossOriginOpenerPolicy: false,
  });
}

export function securityHeaders({ https }: { https: boolean }): Middleware {
  const headers = Object.entries(securityHeadersOf({ https }));
  return (ctx, next) => {
    for (const [name, value] of headers) ctx.res.setHeader(name, value);
    return next();
  };
}

/** The headers that helmet would set. They do not depend on the request, so helmet runs once. */
function headersOf(options: HelmetOptions): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  const answer = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader() {},
  };
  helmet(options)({} as IncomingMessage, answer as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return Object.fromEntries(headers);
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
 * The policy of one page that needs more. `formTargets` are the places where its form may end; `images` includes its
 * logo.
 *
 * Chromium checks every redirect after a submission against form-action, also the application's own ones (its
 * callback may redirect to another of its hosts). So the policy can only name their scheme.
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
    'img-src': [
      "'self'",
      ...images.filter((uri) => /^https?:/.test(uri) && URL.canParse(uri)).map((uri) => new URL(uri).origin),
    ],
    ...(scripts ? { 'script-src': ["'self'"] } : {}),
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${[...new Set(sources)].join(' ')}`)
    .join(';');
}
