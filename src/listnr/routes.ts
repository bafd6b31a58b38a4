/**
 * The LiSTNR Token Provider turns a signed-in user's ID token, or a backend's credentials, into a 15-minute RS256 JWT
 * for one audience. It publishes the keys that verify it. It stores nothing. Its keys are its own, so that a token of
 * LiSTNR never passes for one of Sign in with Listo, nor the other way round.
 */
import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { preflight } from '../http/cross-origin-failures.ts';
import { answersAt, type Endpoint } from '../http/endpoint.ts';
import { mediaType, readJsonObject } from '../http/input/body.ts';
import { claimedClient, claimsOf } from '../http/input/claimed-client.ts';
import { oauthInput } from '../http/input/oauth-input.ts';
import { type LimitRequest, limited } from '../http/rate-limits/limit-requests.ts';
import { logClaim } from '../http/records/log-fields.ts';
import { createRouter, jsonAnswers } from '../http/routing.ts';
import { answerDocument, type PublishedDocument } from '../platform/published-document.ts';
import { unsupportedMediaType } from '../tokens/listnr/errors.ts';

export const ISSUE_TOKEN = '/v1/listnr-token-provider/issue-token';
export const EXPLAIN_LISTNR = '/v1/listnr-token-provider/explain';
export const JWKS = '/v1/listnr-token-provider/jwks';

export interface ListnrDependencies {
  issueToken: Endpoint;
  explainListnr: Endpoint;
  publishedKeys(): PublishedDocument;
  limit: LimitRequest;
}

export function listnrRoutes({
  issueToken,
  explainListnr,
  publishedKeys,
  limit,
}: ListnrDependencies): Router {
  const router = createRouter();
  router.post(
    ISSUE_TOKEN,
    ...([jsonAnswers, readBody, limited(limit, ['POST']), answersAt(issueToken, ['POST'])] as never[]),
  );
  router.options(ISSUE_TOKEN, (ctx) => preflight(ctx, 'POST'));
  router.post(
    EXPLAIN_LISTNR,
    ...([
      jsonAnswers,
      oauthInput({ json: true }),
      limited(limit, ['POST']),
      answersAt(explainListnr, ['POST']),
    ] as never[]),
  );
  router.get(JWKS, (ctx) => answerDocument(ctx, publishedKeys()));
  router.options(JWKS, (ctx) => preflight(ctx, 'GET, HEAD'));
  return router;
}

/** Reads the JSON of a request. @throws HttpError 415 for another media type, and those of `readJsonObject`. */
const readBody: Middleware = async (ctx, next) => {
  logClaim(ctx.req, claimedClient(claimsOf(ctx)));
  if (mediaType(ctx.req) !== 'application/json') throw unsupportedMediaType();
  Object.assign(ctx.req, { body: await readJsonObject(ctx.req) });
  logClaim(ctx.req, claimedClient(claimsOf(ctx)));
  await next();
};
