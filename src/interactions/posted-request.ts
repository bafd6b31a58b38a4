import type { Middleware } from 'koa';
import { repeatAsGet } from '../http/pages/redirect.ts';
import type { ParsedRequest } from '../oidc/mount.ts';
import { PATHS } from '../oidc/routes.ts';

/**
 * Repeats a posted authorization request as GET, so that the library sees only GET. OIDC Core 3.1.2.1 requires POST,
 * but a form that another site posts comes without our cookies.
 */
export const repeatPostedRequest: Middleware = (ctx, next) => {
  if (ctx.method !== 'POST') return next();
  // Nobody authenticates here. A secret that a client sent by mistake must not get into an address.
  const {
    client_secret: _secret,
    client_assertion: _assertion,
    ...parameters
  } = (ctx.req as ParsedRequest).body ?? {};
  const advice = `Push it to ${PATHS.pushed_authorization_request} first (RFC 9126).`;
  return repeatAsGet(ctx, { path: PATHS.authorization, parameters, advice });
};
