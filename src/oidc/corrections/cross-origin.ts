import type { Middleware } from 'koa';
import { DOCUMENTS, PROTOCOL_ROUTES } from '../routes.ts';

/**
 * Who may read our answers from a browser. Discovery and keys are everybody's. Elsewhere a preflight, which names
 * no client, is answered for any origin, never with credentials; the answer itself only for an origin of the client
 * it is about. The library checks that once it knows the client; here goes what it allowed before it knew one.
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
    // No preflight: a plain question what this address takes (RFC 9110 section 9.3.7).
    ctx.status = 204;
    ctx.set('Allow', methodsAt(ctx.path).join(', '));
  }
};

function methodsAt(path: string): readonly string[] {
  return PROTOCOL_ROUTES.find((route) => route.path === path)?.methods ?? [];
}
