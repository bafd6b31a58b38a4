import type { Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import { answerDocument, type PublishedDocument, publish } from '../../platform/published-document.ts';
import type { LiveProvider } from '../live-provider.ts';
import { DOCUMENTS } from '../routes.ts';

/** The response types that a client can register. */
export const ANNOUNCED_RESPONSE_TYPES = ['code'] as const;

/** The documents that each Provider has published so far, by path. */
const published = new WeakMap<Provider, Map<string, PublishedDocument>>();

/**
 * Discovery and keys stay the same while a Provider lives, since all their addresses are the issuer's. The library
 * makes each document once, and this keeps it for `publishedDocuments`.
 */
export function keepDocuments(provider: Provider): Middleware {
  const documents = new Map<string, PublishedDocument>();
  published.set(provider, documents);
  return async (ctx, next) => {
    await next();
    if (!DOCUMENTS.has(ctx.path) || ctx.status !== 200 || typeof ctx.body !== 'object') return;
    if ('response_types_supported' in ctx.body) ctx.body.response_types_supported = ANNOUNCED_RESPONSE_TYPES;
    const document = publish(ctx.body, ctx.response.get('Content-Type'));
    documents.set(ctx.path, document);
    // It is the same for every origin.
    ctx.remove('Vary');
    answerDocument(ctx, document);
  };
}

/** The document of a path; undefined until the library has made it. */
export function publishedDocument(live: LiveProvider, path: string): PublishedDocument | undefined {
  return published.get(live.current)?.get(path);
}

/** Answers with documents that are already published, and leaves the rest to the library. */
export function publishedDocuments(live: LiveProvider): Middleware {
  return (ctx, next) => {
    const reads = ctx.method === 'GET' || ctx.method === 'HEAD';
    const document = reads ? publishedDocument(live, ctx.path) : undefined;
    if (!document) return next();
    answerDocument(ctx, document);
    return undefined;
  };
}
