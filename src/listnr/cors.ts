import { EXPOSED_HEADERS } from '../http/cross-origin-failures.ts';

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
