import type { KoaContextWithOIDC } from 'oidc-provider';
import { isDatabaseUnavailable } from '../../platform/database-errors.ts';
import { requestScope } from '../request-scope.ts';

interface ErrorAnswer {
  error: string;
  error_description?: string | undefined;
}

/** Shows a person why a request went nowhere, when there is nobody it may be redirected to. */
export type RenderError = (ctx: KoaContextWithOIDC, error: ErrorAnswer) => void;

/**
 * The library shows a page for every failure of ours at authorize. Where it is known whom to tell, the client is
 * told instead (`server_error`, RFC 6749 section 4.1.2.1); other failures are answered outside (mount.ts), among
 * them a database that is away: that page can be tried again, which a client cannot do for the person.
 */
export function answerError(renderError: RenderError): RenderError {
  return (ctx, out) => {
    if (out.error !== 'server_error') renderError(ctx, out);
    else if (!isDatabaseUnavailable(requestScope().failure)) tellClient(ctx, out);
  };
}

function tellClient(ctx: KoaContextWithOIDC, out: ErrorAnswer): void {
  const { client, params } = ctx.oidc;
  // The library has checked the address by now: a wrong one would be the error it reports.
  if (!client || typeof params?.redirect_uri !== 'string') return;
  const target = new URL(params.redirect_uri);
  const answer = { ...out, error_description: 'Something went wrong on our side' };
  if (params.response_mode === 'fragment') target.hash = new URLSearchParams({ ...answer }).toString();
  else for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
  ctx.status = 303;
  ctx.redirect(target.href);
}
