import { hash } from 'node:crypto';

/**
 * How long others cache the document (listnr-verify-token, "JWKS endpoint"). A new key is published for longer than
 * this before it signs.
 */
const CACHE_CONTROL = 'public, max-age=300';

/** A JSON document that is the same for everybody. It is written once and sent many times. */
export interface PublishedDocument {
  body: string;
  /** The length of the body in UTF-8. */
  bytes: number;
  contentType: string;
  /** The hash of the body, as an entity tag (RFC 9110 section 8.8.3). */
  etag: string;
}

/** `contentType` includes the charset. */
export function publish(content: object, contentType: string): PublishedDocument {
  const body = JSON.stringify(content);
  return {
    body,
    bytes: Buffer.byteLength(body),
    contentType,
    etag: `"${hash('sha256', body, 'base64url')}"`,
  };
}

/** Every origin may read it. */
export function answerHeaders({ etag }: PublishedDocument): Record<string, string> {
  return { 'Access-Control-Allow-Origin': '*', 'Cache-Control': CACHE_CONTROL, ETag: etag };
}

/** The parts of a Koa context, ours or the protocol library's, that are used here. */
interface Exchange {
  get(header: string): string;
  set(headers: Record<string, string>): void;
  body: unknown;
  status: number;
}

/** Sends a document to any origin, or 304 to a client that has it already. */
export function answerDocument(ctx: Exchange, document: PublishedDocument): void {
  ctx.body = document.body;
  ctx.set({ ...answerHeaders(document), 'Content-Type': document.contentType });
  if (notModified(ctx.get('if-none-match'), document)) ctx.status = 304;
}

/**
 * RFC 9110 section 13.1.2. Koa's own check fails whenever the request says `Cache-Control: no-cache`. But `fetch`
 * adds that header, meant for caches on the way, to every request with an ETag of the caller's.
 */
export function notModified(ifNoneMatch: string | undefined, { etag }: PublishedDocument): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}
