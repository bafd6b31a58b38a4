/**
 * The LiSTNR Token Provider turns a signed-in user's ID token, or a backend's credentials, into a 15-minute RS256 JWT
 * for one audience. It publishes the keys that verify it. It stores nothing. Its keys are its own, so that a token of
 * LiSTNR never passes for one of Sign in with Listo, nor the other way round.
 */
import Router from '@koa/router';
import type { Context } from 'koa';
import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ListnrClients } from '../clients/listnr/listnr-clients.ts';
import type { ClientSecrets } from '../clients/secrets/client-secrets.ts';
import { claimedClient } from '../http/input/claimed-client.ts';
import { logClaim, logClient, logFacts } from '../http/log-fields.ts';
import { type ClientLimits, limitClients } from '../http/rate-limits/limit-requests.ts';
import { jsonAnswers } from '../http/routing.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { ExternalKeys } from '../tokens/id-tokens/external-keys.ts';
import { createIdTokenVerifier } from '../tokens/id-tokens/id-token-verifier.ts';
import { allowOrigins, preflight } from './cors.ts';
import { createDirectory } from './directory.ts';
import { issueToken } from './issue-token.ts';
import { createPublishedKeys } from './published-keys.ts';
import { readTokenRequest, type TokenRequest } from './token-request.ts';

export const ISSUE_TOKEN = '/v1/listnr-token-provider/issue-token';
export const JWKS = '/v1/listnr-token-provider/jwks';

export interface ListnrDependencies {
  /** The `iss` of our own ID tokens. */
  issuer: string;
  listnrIssuer: string;
  environment: string;
  clock: Clock;
  keyRings: { oidc: KeyRing; listnr: KeyRing };
  externalKeys: ExternalKeys;
  clients: ListnrClients;
  secrets: ClientSecrets;
  denied: DeniedSubjects;
  limits: ClientLimits;
}

export function listnrRoutes(dependencies: ListnrDependencies): Router {
  const directory = createDirectory(dependencies);
  const issuing = { ...dependencies, directory, idTokens: createIdTokenVerifier(dependencies) };
  const limited = limitClients(dependencies.limits);
  const answerKeys = createPublishedKeys(dependencies.keyRings);

  async function answer(ctx: Context, request: TokenRequest): Promise<void> {
    const client = directory.findClient(request.clientId);
    if (client) {
      logClient(ctx.req, client.id, 'claimed');
      allowOrigins(ctx, client.origins);
    }
    const token = await issueToken(
      {
        authorization: ctx.get('authorization'),
        request,
        client,
        note: (facts) => logFacts(ctx.req, facts),
      },
      issuing,
    );
    // RFC 6749 section 5.1.
    ctx.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    ctx.body = token;
  }

  const router = new Router();
  router.post(ISSUE_TOKEN, jsonAnswers as never, async (ctx) => {
    ctx.vary('Origin');
    logClaim(ctx.req, claimedClient(ctx));
    const request = await readTokenRequest(ctx.req);
    // `limitClients` looks here for the name of a client that does not use Basic.
    Object.assign(ctx.req, { body: { client_id: request.clientId } });
    logClaim(ctx.req, claimedClient(ctx));
    await limited(ctx, () => answer(ctx, request));
  });
  router.options(ISSUE_TOKEN, (ctx) => preflight(ctx, 'POST'));
  router.get(JWKS, answerKeys);
  router.options(JWKS, (ctx) => preflight(ctx, 'GET, HEAD'));
  return router;
}
