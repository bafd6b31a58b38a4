import type { Middleware } from 'koa';
import type { ParsedRequest } from '../mount.ts';
import { requestContext } from '../request-context.ts';
import { PATHS } from '../routes.ts';

/**
 * Introspection is for clients that authenticate (RFC 7662 section 2.1). The library also answers a public client,
 * which anybody can claim to be. Whether the authentication is right, the library checks.
 */
export const authenticatedIntrospection: Middleware = async (ctx, next) => {
  if (ctx.path !== PATHS.introspection || ctx.method !== 'POST' || authenticates(ctx.req)) return next();
  requestContext().refusal = { error: 'invalid_client', detail: 'introspection without authentication' };
  ctx.status = 401;
  ctx.body = { error: 'invalid_client', error_description: 'client authentication failed' };
};

function authenticates({ headers, body = {} }: ParsedRequest): boolean {
  const { client_secret, client_assertion } = body;
  return Boolean(client_secret || client_assertion) || /^basic\b/i.test(headers.authorization ?? '');
}
