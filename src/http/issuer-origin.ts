import type { Middleware } from 'koa';

/** The scheme and authority of a request target that is a whole address (RFC 9112 section 3.2.2). */
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*\/?/i;

/**
 * Makes every later handler, the protocol library included, see the issuer's host and scheme. So neither `Host` nor a
 * forwarded header nor the request target can move an address that this server emits to another host.
 */
export function issuerOrigin(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  return (ctx, next) => {
    const { req, request } = ctx;
    req.url = (req.url ?? '/').replace(AUTHORITY, '/');
    ctx.originalUrl = request.originalUrl = req.url;
    req.headers.host = host;
    req.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete req.headers['x-forwarded-host'];
    delete req.headers.forwarded;
    return next();
  };
}
