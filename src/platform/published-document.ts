import { hash } from 'node:crypto';

/** How long others keep them (listnr-verify-token, "JWKS endpoint"); a new key is published longer than this before it signs. */
const CACHE_CONTROL = 'public, max-age=300';

/** A JSON document that is the same for everybody, written once and answered many times. */
export interface PublishedDocument {
  body: string;
  /** The media type. */
  type: string;
  /** Of its bytes (RFC 9110 section 8.8.3). */
  etag: string;
}

export function publish(content: object, type: string): PublishedDocument {
  const body = JSON.stringify(content);
  return { body, type, etag: `"${hash('sha256', body, 'base64url')}"` };
}

/** What is used here of a Koa context, ours or the protocol library's. */
interface Exchange {
  get(header: string): string;
  set(headers: Record<string, string>): void;
  type: string;
  body: unknown;
  status: number;
}

/** Answers any origin with a document; 304 to whoever has it. */
export function answerDocument(ctx: Exchange, { body, type, etag }: PublishedDocument): void {
  ctx.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': CACHE_CONTROL, ETag: etag });
  ctx.type = type;
  ctx.body = body;
  if (names(ctx.get('if-none-match'), etag)) ctx.status = 304;
}

/**
 * RFC 9110 section 13.1.2. Koa's own answer to this is no whenever the request says `Cache-Control: no-cache`, which
 * `fetch` adds to every request that brings an ETag of its own, and which is meant for caches on the way.
 */
function names(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}
