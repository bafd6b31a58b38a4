import type { Middleware } from 'koa';
import { PATHS } from '../routes.ts';

const HEADER = 'Content-Security-Policy';

/**
 * Makes `response_mode=form_post` work (OAuth 2.0 Form Post Response Mode), the default of some frameworks. The
 * library's page submits itself with an inline script, and adds the script's hash to a policy that has a
 * `script-src`. Its form leads to the client, which may redirect to any address.
 */
export const formPost: Middleware = async (ctx, next) => {
  if (!ctx.path.startsWith(PATHS.authorization)) return next();
  const policy = ctx.response.get(HEADER);
  ctx.set(HEADER, `${policy};script-src`);
  await next();
  const answered = ctx.response.get(HEADER);
  if (answered.includes("script-src 'sha256-")) {
    // Browsers check a form's whole chain of redirects against form-action. The page has no other form.
    ctx.set(HEADER, answered.replace(/form-action[^;]*;/, ''));
    // Otherwise the form would come from the origin null, which a client that checks origins refuses.
    ctx.set('Referrer-Policy', 'strict-origin');
  } else if (answered === `${policy};script-src`) ctx.set(HEADER, policy);
};
