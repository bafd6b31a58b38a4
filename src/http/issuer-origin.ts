import type { Middleware } from 'koa';

/**
 * Makes every later handler, the protocol library included, see the issuer's host and scheme. Whatever `Host` or
 * a forwarded header says, no address this server emits can be moved to somebody else's.
 */
export function issuerOrigin(issuer: string): Middleware {
  const { host, protocol } = new URL(issuer);
  return (ctx, next) => {
    const { headers } = ctx.req;
    headers.host = host;
    headers['x-forwarded-proto'] = protocol.slice(0, -1);
    delete headers['x-forwarded-host'];
    delete headers.forwarded;
    return next();
  };
}
