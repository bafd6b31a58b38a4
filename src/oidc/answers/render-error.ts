import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { withAnswer } from '../../clients/return-address.ts';
import { isDatabaseUnavailable } from '../../platform/database-errors.ts';
import { detailOf } from '../events.ts';
import { requestContext } from '../request-context.ts';
import { interactionAddress } from '../routes.ts';

interface ErrorAnswer {
  error: string;
  error_description?: string | undefined;
}

/** Tells a person why a request failed, when nobody can be redirected. */
export type RenderError = (
  ctx: KoaContextWithOIDC,
  /** `detail` is for the log, and for a developer. */
  error: ErrorAnswer & { detail?: string | undefined },
) => Promise<void>;

/**
 * A browser that returns to an authorization whose interaction has ended goes to the interaction's page, which leads it
 * on: two clicks on one button can lead here twice.
 *
 * At authorize, the library would show a page for every failure of ours. If the client is known, it gets the error
 * instead (`server_error`, RFC 6749 section 4.1.2.1). Other failures are answered outside (mount.ts). Among them is a
 * database that is away: the person can reload that page, and the client could not do that for them.
 */
export function answerError(
  renderError: RenderError,
): (ctx: KoaContextWithOIDC, out: ErrorAnswer, error: Error) => Promise<void> {
  return async (ctx, out, error) => {
    if (error instanceof errors.SessionNotFound && isOver(ctx)) returnToInteraction(ctx);
    else if (out.error !== 'server_error') await renderError(ctx, { ...out, detail: detailOf(ctx, error) });
    else if (!isDatabaseUnavailable(requestContext().failure)) await tellClient(ctx, out);
  };
}

function isOver({ oidc }: KoaContextWithOIDC): boolean {
  const over = requestContext().interactionIsOver || oidc.entities.Interaction === undefined;
  return oidc.route === 'resume' && over;
}

function returnToInteraction(ctx: KoaContextWithOIDC): void {
  const uid = ctx.path.split('/').at(-1) ?? '';
  ctx.status = 303;
  ctx.redirect(interactionAddress(uid, requestContext().client?.id));
}

/** This one error goes by a redirect also where the client wants a form: the page of the form is the library's. */
async function tellClient(ctx: KoaContextWithOIDC, out: ErrorAnswer): Promise<void> {
  const { client, params, provider } = ctx.oidc;
  // The library has already checked the address: a wrong one would be the reported error.
  if (!client || typeof params?.redirect_uri !== 'string') return;
  const uri = params.redirect_uri;
  const mode = String(params.response_mode ?? '');
  const told = { ...out, error_description: 'Something went wrong on our side' };
  const answer = mode.includes('jwt') ? { response: await signed(provider, ctx, told) } : told;
  ctx.status = 303;
  ctx.redirect(
    mode.startsWith('fragment')
      ? `${uri}#${new URLSearchParams({ ...answer })}`
      : withAnswer(uri, { ...answer }),
  );
}

/** corrections/id-token.ts signs it. */
function signed(provider: Provider, ctx: KoaContextWithOIDC, answer: object): Promise<string> {
  const token = new provider.IdToken({}, { ctx });
  return Object.assign(token, { extra: answer }).issue({ use: 'authorization' });
}
