import type { KoaContextWithOIDC } from 'oidc-provider';
import { isDatabaseUnavailable } from '../../platform/database-errors.ts';
import { detailOf } from '../events.ts';
import { requestContext } from '../request-context.ts';

interface ErrorAnswer {
  error: string;
  error_description?: string | undefined;
}

/** Tells a person why a request failed, when nobody can be redirected. */
export type RenderError = (
  ctx: KoaContextWithOIDC,
  /** `detail` is for the log, and for a developer. */
  error: ErrorAnswer & { detail?: string | undefined },
) => void;

/**
 * At authorize, the library would show a page for every failure of ours. If the client is known, it gets the error
 * instead (`server_error`, RFC 6749 section 4.1.2.1). Other failures are answered outside (mount.ts). Among them is a
 * database that is away: the person can reload that page, and the client could not do that for them.
 */
export function answerError(
  renderError: RenderError,
): (ctx: KoaContextWithOIDC, out: ErrorAnswer, error: Error) => void {
  return (ctx, out, error) => {
    if (out.error !== 'server_error') renderError(ctx, { ...out, detail: detailOf(ctx, error) });
    else if (!isDatabaseUnavailable(requestContext().failure)) tellClient(ctx, out);
  };
}

function tellClient(ctx: KoaContextWithOIDC, out: ErrorAnswer): void {
  const { client, params } = ctx.oidc;
  // The library has already checked the address: a wrong one would be the reported error.
  if (!client || typeof params?.redirect_uri !== 'string') return;
  const target = new URL(params.redirect_uri);
  const answer = { ...out, error_description: 'Something went wrong on our side' };
  if (params.response_mode === 'fragment') target.hash = new URLSearchParams({ ...answer }).toString();
  else for (const [name, value] of Object.entries(answer)) target.searchParams.set(name, value);
  ctx.status = 303;
  ctx.redirect(target.href);
}
