import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { announcesTooMuch } from '../input/body.ts';

/**
 * Why a request takes the long way, through Koa and perhaps the library: each is a label of a metric.
 * - `off`: the configuration says so.
 * - `head`: its headers have something that the short way does not serve, such as an encoding.
 * - `authentication`: it authenticates in another way than by a secret or a bearer token.
 * - `proof`: it has a proof of possession.
 * - `body`: its body cannot be read, or has something that the short way does not serve.
 * - `unpublished`: the library has not made the document yet.
 */
export const LONG_WAY_REASONS = ['off', 'head', 'authentication', 'proof', 'body', 'unpublished'] as const;
export type LongWayReason = (typeof LONG_WAY_REASONS)[number];

/** Judges the headers of a request with a body, or without one. Undefined for a plain request. */
export function unusualHead(
  req: IncomingMessage,
  { hasBody }: { hasBody: boolean },
): LongWayReason | undefined {
  const { headers } = req;
  if (headers.dpop !== undefined) return 'proof';
  if (changesBody(headers)) return 'head';
  const { 'content-length': length, accept } = headers;
  // A person's browser gets a page where a limit refuses it.
  if (!hasBody && accept !== undefined && /text\/(?:html|\*)/i.test(accept)) return 'head';
  if (!hasBody) return length === undefined || length === '0' ? undefined : 'head';
  return length === undefined || announcesTooMuch(req) ? 'head' : undefined;
}

/** Whether a header changes how the body is read. */
function changesBody(headers: IncomingHttpHeaders): boolean {
  return (
    headers['transfer-encoding'] !== undefined ||
    headers['content-encoding'] !== undefined ||
    headers.expect !== undefined ||
    headers.upgrade !== undefined ||
    headers.trailer !== undefined
  );
}
