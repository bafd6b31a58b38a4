import type { Context, Middleware } from 'koa';
import { isDatabaseUnavailable, unavailable, withoutStatement } from '../platform/database-errors.ts';
import { HttpError } from '../platform/errors.ts';
import { boundedLog, type Logger } from '../platform/log/logger.ts';
import { outageLogOf } from '../platform/log/outage-log.ts';
import { helpAddress } from './pages/help-address.ts';
import type { Views } from './pages/views.ts';
import { requestState } from './request-state.ts';

/**
 * The one place that turns an error into an answer: documented JSON for programs, a page for people. An error that is
 * not an HttpError is our fault: it is logged whole, and the answer reveals nothing of it.
 */
export function errorHandler({ logger, views }: { logger: Logger; views: Views }): Middleware {
  const outage = outageLogOf(logger);
  // While something else is away, every request fails alike, and a stack for each would bury the rest.
  const reportUnavailable = boundedLog(logger, { level: 'error', perSecond: 1 });
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toHttpError(thrown);
      const { id, log } = requestState(ctx.req);
      log.error = error.code;
      log.detail ??= error.message;
      const whole = { requestId: id, err: thrown };
      if (error.status === 503) {
        const { cause } = error;
        if (cause instanceof Error) log.detail = withoutStatement(cause);
        if (isDatabaseUnavailable(cause)) outage.report(cause);
        else if (cause !== undefined) reportUnavailable(whole, 'unavailable');
      } else if (error.status >= 500) logger.error(whole, 'unexpected error');
      respond(ctx, error, views);
    }
  };
}

function toHttpError(thrown: unknown): HttpError {
  if (thrown instanceof HttpError) return thrown;
  if (isDatabaseUnavailable(thrown)) return unavailable(thrown);
  return new HttpError({
    status: 500,
    code: 'server_error',
    message: 'Something went wrong on our side. It has been recorded.',
    cause: thrown,
  });
}

/** The parts of an error, ours or the protocol library's, that a client may see. */
export type ErrorAnswer = Pick<HttpError, 'status' | 'message' | 'headers'> & {
  title?: string | undefined;
  links?: HttpError['links'];
  code: string;
  /** For the developer of the client; `message` is for the person at the browser. */
  detail?: string | undefined;
};

/** Sends `error` as a page if the client asks for HTML, otherwise as JSON. */
export function respond(ctx: Context, error: ErrorAnswer, views: Views): void {
  ctx.status = error.status;
  ctx.set(error.headers);
  ctx.set('Cache-Control', 'no-store');
  if (ctx.accepts('json', 'html') === 'html') {
    const { id, brand } = requestState(ctx.req);
    const model = {
      title: error.title ?? titleOf(error),
      message: error.message,
      links: error.links ?? [],
      code: error.code,
      detail: error.detail,
      requestId: id,
      help: brand?.supportUri ? helpAddress(brand.supportUri, id) : undefined,
    };
    views.render(ctx, 'error', model, { brand });
  } else {
    ctx.body = { error: error.code, error_description: error.detail ?? error.message };
  }
}

function titleOf({ status, code }: ErrorAnswer): string {
  if (code === 'access_denied') return 'You have no access here';
  switch (status) {
    case 404:
      return 'There is nothing here';
    case 429:
      return 'Too many attempts';
    case 503:
      return 'Back in a moment';
    case 500:
      return 'That did not work';
    default:
      return 'This request cannot be used';
  }
}
