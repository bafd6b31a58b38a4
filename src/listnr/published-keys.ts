import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import type { KeyRing } from '../keys/key-ring.ts';

/** How long verifiers keep the keys (listnr-verify-token, "JWKS endpoint"); a new key is published longer than this before it signs. */
const CACHE_CONTROL = 'public, max-age=300';

/** Answers with the public keys that LiSTNR tokens are signed with; 304 to whoever has them. */
export function createPublishedKeys(keyRings: { listnr: KeyRing }): (ctx: Context) => void {
  let published = represent(keyRings.listnr.jwks);

  return (ctx) => {
    if (published.of !== keyRings.listnr.jwks) published = represent(keyRings.listnr.jwks);
    ctx.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': CACHE_CONTROL });
    ctx.set('ETag', published.etag);
    ctx.type = 'application/json';
    ctx.body = published.body;
    if (names(ctx.get('if-none-match'), published.etag)) ctx.status = 304;
  };
}

/**
 * RFC 9110 section 13.1.2. Koa's own answer to this is no whenever the request says `Cache-Control: no-cache`, which
 * `fetch` adds to every request that brings an ETag of its own, and which is meant for caches on the way.
 */
function names(ifNoneMatch: string, etag: string): boolean {
  return ifNoneMatch.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}

function represent(jwks: KeyRing['jwks']) {
  const body = JSON.stringify(jwks);
  return { of: jwks, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}
