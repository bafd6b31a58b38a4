import type { Middleware } from 'koa';
import { singleValue } from '../http/input/parameters.ts';
import { repeatAsGet } from '../http/pages/redirect.ts';
import { type IdTokenHints, NOBODY } from '../oidc/id-token-hint.ts';
import type { ParsedRequest } from '../oidc/mount.ts';
import type { SealedRequests } from '../oidc/requests/sealed-requests.ts';
import { PATHS } from '../oidc/routes.ts';

/**
 * Repeats a posted authorization request as GET, so that the library sees only GET. OIDC Core 3.1.2.1 requires POST,
 * but a form that another site posts comes without our cookies.
 */
export function repeatPostedRequest({
  hints,
  sealedRequests,
}: {
  hints: IdTokenHints;
  sealedRequests: SealedRequests;
}): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    // Nobody authenticates here. A secret that a client sent by mistake must not get into an address.
    const {
      client_secret: _secret,
      client_assertion: _assertion,
      id_token_hint: hint = [],
      request,
      ...parameters
    } = (ctx.req as ParsedRequest).body ?? {};
    const clientId = singleValue(parameters.client_id) ?? '';
    const [first = '', ...more] = [hint].flat();
    // Nobody may have many texts sealed with one request, and more than one hint is refused anyway.
    const sealed =
      more.length > 0 ? [NOBODY, NOBODY] : first === '' ? [] : [await hints.seal(first, clientId)];
    return repeatAsGet(ctx, {
      path: PATHS.authorization,
      parameters: {
        ...parameters,
        ...(sealed.length > 0 ? { sealed_hint: sealed } : {}),
        ...sealedObject(request, clientId, sealedRequests),
      },
      advice: `Push it to ${PATHS.pushed_authorization_request} first (RFC 9126).`,
    });
  };
}

/** A request object may have an `id_token_hint`, and was posted to be in no history. Two of them are refused anyway. */
function sealedObject(
  request: string | string[] | undefined,
  clientId: string,
  sealedRequests: SealedRequests,
): Record<string, string | string[]> {
  if (request === undefined || request === '') return {};
  if (Array.isArray(request)) return { request: request.map(() => NOBODY) };
  return { sealed_request: sealedRequests.sealObject(request, clientId) };
}
