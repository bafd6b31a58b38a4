import type { Middleware } from 'koa';
import { DOCUMENTS, PROTOCOL_ROUTES } from '../routes.ts';

/**
 * Decides which pages may read our answers in a browser. Everybody may read discovery and keys. Elsewhere, a
 * preflight, which names no client, is allowed for any origin, but never with credentials. The answer itself is only
 * for the origins of its client. The library checks that when it knows the client; this removes permissions that it
 * gave before.
 */
export const crossOrigin: Middleware = async (ctx, next) => {
  await next();
  const { oidc } = ctx as { oidc?: { client?: unknown } };
  const origin = ctx.get('Origin');
  if (DOCUMENTS.has(ctx.path)) {
    ctx.set('Access-Control-Allow-Origin', '*');
  } else if (origin === '' || origin === 'null' || (ctx.method !== 'OPTIONS' && !oidc?.client)) {
    ctx.remove('Access-Control-Allow-Origin');
  }
  if (ctx.method === 'OPTIONS' && ctx.status === 404) {
    // This is no preflight, but a question about the address's methods (RFC 9110 section 9.3.7).
    ctx.status = 204;
    ctx.set('Allow', methodsAt(ctx.path).join(', '));
  }
};

function methodsAt(path: string): readonly string[] {
  return PROTOCOL_ROUTES.find((route) => route.path === path)?.methods ?? [];
}
