import type { Context } from 'koa';
import { HttpError } from '../../platform/errors.ts';
import { logFacts } from '../records/log-fields.ts';

/**
 * The refusal of a limit, or of a full queue, for a form that is shown again with what was typed. The log has it as any
 * other refusal.
 * @throws any other error.
 */
export function refusedByLimit(ctx: Context, error: unknown): HttpError {
  if (!(error instanceof HttpError) || (error.status !== 429 && error.status !== 503)) throw error;
  ctx.set(error.headers);
  logFacts(ctx.req, { error: error.code, detail: error.message });
  return error;
}
