import type { Context } from 'koa';
import { refusedRequest } from '../../refusals/refused-request.ts';
import type { RequestParameters } from '../input/parameters.ts';

/** Half the limit of a request's head (connections/http-server.ts), so that cookies and other headers have the rest. */
const MAX_ADDRESS_LENGTH = 32 * 1024;

/** Sends the browser to another page by GET, uncached. */
export function redirect(ctx: Context, to: string): void {
  ctx.set('Cache-Control', 'no-store');
  ctx.status = 303;
  ctx.redirect(to);
}

/**
 * Sends the browser to `path` with `parameters`. A form that another site posts comes without our SameSite cookies;
 * the browser sends them when it repeats the request as GET.
 *
 * @throws HttpError 413, with `advice` for the form's author, when the address gets too long.
 */
export function repeatAsGet(
  ctx: Context,
  { path, parameters, advice = '' }: { path: string; parameters: RequestParameters; advice?: string },
): void {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters))
    for (const value of [values].flat()) query.append(name, value);
  const address = `${path}?${query}`;
  if (address.length > MAX_ADDRESS_LENGTH) {
    throw refusedRequest({
      status: 413,
      code: 'invalid_request',
      message: `The request is too long for a browser to follow.${advice && ` ${advice}`}`,
      why: { reason: 'request.too_long' },
    });
  }
  redirect(ctx, address);
}
