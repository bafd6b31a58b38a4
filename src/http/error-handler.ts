import type { Context, Middleware } from 'koa';
import { isDatabaseUnavailable, unavailable, withoutStatement } from '../platform/database-errors.ts';
import { HttpError } from '../platform/errors.ts';
import { boundedLog, type Logger } from '../platform/logger.ts';
import { requestState } from './request-state.ts';
import type { Views } from './views.ts';

/**
 * The one place where an error becomes an answer: the documented JSON for programs, a page for people. What is
 * not an HttpError is a fault of ours: logged whole, answered with a sentence that says nothing of it.
 */
export function errorHandler({ logger, views }: { logger: Logger; views: Views }): Middleware {
  // While a database is away every request has the same to say, and a stack for each would bury the rest.
  const reportUnavailable = boundedLog(logger, { level: 'error', perSecond: 1 });
  return async (ctx, next) => {
    try {
      await next();
    } catch (thrown) {
      const error = toHttpError(thrown);
      const { id, log } = requestState(ctx.req);
      log.error = error.code;
      const whole = { requestId: id, err: thrown };
      if (error.status === 503) {
        const { cause } = error;
        if (cause instanceof Error) log.detail = withoutStatement(cause);
        reportUnavailable(whole, 'unavailable');
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

/** What a client may see of an error: of ours, or of the protocol library's. */
export type ErrorAnswer = Pick<HttpError, 'status' | 'message' | 'headers'> & {
  code: string;
  /** For whoever builds the client, where `message` is for the person at the browser. */
  detail?: string | undefined;
};

/** Sends `error` as a page to whoever asks for HTML, and as JSON to everybody else. */
export function respond(ctx: Context, error: ErrorAnswer, views: Views): void {
  ctx.status = error.status;
  ctx.set(error.headers);
  ctx.set('Cache-Control', 'no-store');
  if (ctx.accepts('json', 'html') === 'html') {
    views.render(ctx, 'error', {
      title: titleOf(error),
      message: error.message,
      code: error.code,
      detail: error.detail,
      requestId: requestState(ctx.req).id,
    });
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
