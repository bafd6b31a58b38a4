import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import { isDatabaseUnavailable, unavailable, withoutStatement } from '../platform/database-errors.ts';
import { HttpError, type PageLink } from '../platform/errors.ts';
import { boundedLog, type Logger } from '../platform/log/logger.ts';
import { outageLogOf } from '../platform/log/outage-log.ts';
import { refusedRequest } from '../refusals/refused-request.ts';
import { type ErrorAnswer, errorPage } from './pages/error-page.ts';
import { helpAddress } from './pages/help-address.ts';
import type { Brand, Views } from './pages/views.ts';
import { requestState } from './records/request-state.ts';

/** Turns what was thrown into the answer, and into what the log says of it. */
export type ReportError = (req: IncomingMessage, thrown: unknown) => HttpError;

/**
 * The one place that judges an error. One that is not an HttpError is our fault: it is logged whole, and the answer
 * reveals nothing of it.
 */
export function errorReports({ logger }: { logger: Logger }): ReportError {
  const outage = outageLogOf(logger);
  // While something else is away, every request fails alike, and a stack for each would bury the rest.
  const reportUnavailable = boundedLog(logger, { level: 'error', perSecond: 1 });
  return (req, thrown) => {
    const error = toHttpError(thrown);
    const state = requestState(req);
    const { id, log } = state;
    state.why ??= error.why;
    log.error = error.code;
    log.detail ??= error.message;
    const whole = { requestId: id, err: thrown };
    if (error.status === 503) {
      const { cause } = error;
      if (cause instanceof Error) log.detail = withoutStatement(cause);
      if (isDatabaseUnavailable(cause)) outage.report(cause);
      else if (cause !== undefined) reportUnavailable(whole, 'unavailable');
    } else if (error.status >= 500) logger.error(whole, 'unexpected error');
    return error;
  };
}

/** Answers errors: documented JSON for programs, a page for people. */
export function errorHandler({
  report,
  ...pages
}: {
  report: ReportError;
  views: Views;
  findOwner: FindPageOwner;
}): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      await respond(ctx, report(ctx.req, thrown), pages);
    }
  };
}

function toHttpError(thrown: unknown): HttpError {
  if (thrown instanceof HttpError) return thrown;
  if (isDatabaseUnavailable(thrown)) return unavailable(thrown);
  return refusedRequest({
    status: 500,
    code: 'server_error',
    message: 'Something went wrong on our side. It has been recorded.',
    why: { reason: 'service.failure' },
    cause: thrown,
  });
}

/** The instance whose page an error interrupts, as its look, and the ways on to the application. */
export interface PageOwner {
  brand?: Brand | undefined;
  links: readonly PageLink[];
}

/** Never throws. It waits for nothing where `mayAsk` is false, and answers with what is known. */
export type FindPageOwner = (ctx: Context, options: { mayAsk: boolean }) => Promise<PageOwner>;

/** While nothing is known of instances and clients. */
export const NOBODY_KNOWN: FindPageOwner = async () => ({ links: [] });

/** Sends `error` as a page if the client asks for HTML, otherwise as JSON. */
export async function respond(
  ctx: Context,
  error: ErrorAnswer,
  { views, findOwner }: { views: Views; findOwner: FindPageOwner },
): Promise<void> {
  ctx.status = error.status;
  ctx.set(error.headers);
  ctx.set('Cache-Control', 'no-store');
  if (ctx.accepts('json', 'html') !== 'html') {
    ctx.body = bodyOf(error);
    return;
  }
  // A refusal because of a limit, or because something is away, costs no look-up.
  const mayAsk = error.status < 500 && error.status !== 429;
  const { brand, links } = await findOwner(ctx, { mayAsk });
  const { id } = requestState(ctx.req);
  const help = brand?.supportUri ? helpAddress(brand.supportUri, id) : undefined;
  const model = { ...errorPage(error, links), code: error.code, requestId: id, help };
  views.render(ctx, 'error', model, { brand });
}

/** RFC 6749 section 5.2. */
export function bodyOf({ code, detail, message }: Pick<ErrorAnswer, 'code' | 'detail' | 'message'>) {
  return { error: code, error_description: detail ?? message };
}
