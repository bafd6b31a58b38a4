import type { Context, Middleware } from 'koa';
import { explanationAddress } from '../../http/explanation-address.ts';
import { requestContext } from '../request-context.ts';

/** The library's page that posts an answer to the client, up to the end of its fields. */
const FORM = /<form method="post" action="[^"]*">[\s\S]*?(?=\s*<noscript>)/;

/**
 * Adds an `error_uri` to each error that goes to a client (RFC 6749 section 4.1.2.1), where its developer reads why. The
 * library gives an error no further member. A signed answer has it already (corrections/id-token.ts).
 */
export function nameErrorUri(issuer: string): Middleware {
  return async (ctx, next) => {
    await next();
    const { facts, failure, isAnswerSigned } = requestContext();
    const uri = errorUri(issuer);
    if ((facts.error === undefined && !failure) || isAnswerSigned || uri === undefined) return;
    if (isSentToClient(ctx)) {
      const location = ctx.response.get('Location');
      // The error is at the end, in the query or in the fragment.
      ctx.set('Location', `${location}&${new URLSearchParams({ error_uri: uri })}`);
    } else if (typeof ctx.body === 'string' && FORM.test(ctx.body)) {
      ctx.body = ctx.body.replace(
        FORM,
        (form) => `${form}\n<input type="hidden" name="error_uri" value="${uri}"/>`,
      );
    }
  };
}

/** Undefined outside of a request. */
export function errorUri(issuer: string): string | undefined {
  const { origin } = requestContext();
  return origin && explanationAddress(issuer, origin.requestId);
}

/** Our own pages have addresses without a host. */
function isSentToClient(ctx: Context): boolean {
  return ctx.status === 303 && URL.canParse(ctx.response.get('Location'));
}
