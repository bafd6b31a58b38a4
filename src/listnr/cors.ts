import type { Context } from 'koa';
import { EXPOSED_HEADERS } from '../http/cross-origin-failures.ts';

const PREFLIGHT_MAX_AGE_SECONDS = '7200';

/**
 * Answers a preflight (Fetch standard, section 4.8). A preflight names no client and carries no credentials, so every
 * origin may continue. Once the client is known, `allowOrigins` decides who may read the answer.
 */
export function preflight(ctx: Context, methods: string): void {
  ctx.status = 204;
  ctx.vary('Access-Control-Request-Headers');
  ctx.set({
    Allow: `${methods}, OPTIONS`,
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': methods,
    // Tracing tools add headers of their own to a page's requests.
    'Access-Control-Allow-Headers': ctx.get('Access-Control-Request-Headers') || '*',
    'Access-Control-Max-Age': PREFLIGHT_MAX_AGE_SECONDS,
  });
}

/**
 * Lets a page of one of `origins` read the answer. The origin `null` (a file, a sandboxed frame) belongs to nobody and
 * cannot be registered.
 */
export function headersForOrigin(
  origin: string | undefined,
  origins: readonly string[],
): Readonly<Record<string, string>> {
  if (origin === undefined || !origins.includes(origin)) return {};
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': EXPOSED_HEADERS };
}
