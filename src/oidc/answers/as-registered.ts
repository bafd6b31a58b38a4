import type { Middleware } from 'koa';
import { withAnswer } from '../../clients/return-address.ts';

/**
 * Sends a person back to the redirect URI as it is registered. The library writes its query anew, so that `%20`
 * becomes `+`, and a parameter without a value gets a `=`.
 */
export const asRegistered: Middleware = async (ctx, next) => {
  await next();
  const uri = (ctx as { oidc?: { params?: { redirect_uri?: unknown } } }).oidc?.params?.redirect_uri;
  const location = ctx.response.get('Location');
  if (ctx.status !== 303 || typeof uri !== 'string' || !uri.includes('?') || !URL.canParse(location)) return;
  const registered = new URL(uri);
  const sent = new URL(location);
  if (sent.protocol !== registered.protocol || sent.host !== registered.host) return;
  if (sent.pathname !== registered.pathname || sent.hash !== '') return;
  const own = registered.searchParams;
  const answer = [...sent.searchParams].filter(([name, value]) => !own.getAll(name).includes(value));
  ctx.set('Location', withAnswer(uri, Object.fromEntries(answer)));
};
