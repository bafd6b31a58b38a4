import type { IncomingMessage } from 'node:http';
import type Router from '@koa/router';
import type { Middleware } from 'koa';
import type { Services } from '../compose.ts';
import { preflight } from '../http/cross-origin-failures.ts';
import { answersAt, type Endpoint } from '../http/endpoint.ts';
import { EXPLAIN } from '../http/explanation-address.ts';
import { oauthInput } from '../http/input/oauth-input.ts';
import { onlyFromOwnPages } from '../http/pages/own-pages.ts';
import { limitKeyMac } from '../http/rate-limits/limit-key.ts';
import { type LimitRequest, limited } from '../http/rate-limits/limit-requests.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { requestState } from '../http/records/request-state.ts';
import { createRouter, jsonAnswers } from '../http/routing.ts';
import { knownUserCode } from '../interactions/device/user-code.ts';
import { repeatPostedRequest } from '../interactions/posted-request.ts';
import { publishedDocuments } from '../oidc/answers/published-documents.ts';
import { createInstanceResolver } from '../oidc/instance-resolver.ts';
import { instanceContext, protocol } from '../oidc/mount.ts';
import { authenticateClients } from '../oidc/requests/client-requests.ts';
import { readAuthorizationRequest } from '../oidc/requests/read-request.ts';
import { PROTOCOL_ROUTES, type ProtocolRouteKind } from '../oidc/routes.ts';
import { isDatabaseUnavailable } from '../platform/database-errors.ts';
import { outageLogOf } from '../platform/log/outage-log.ts';
import { COUNTED, endpointLimits } from './endpoint-limits.ts';

/** The addresses of OAuth and OpenID Connect: the steps of each kind of them, which end at an endpoint or the library. */
export function protocolRoutes(services: Services): Router {
  const { config, live, limits, logger, clock, deviceCodes, sessions, guesses, refusals, views } = services;
  const { https, failuresPerMinute } = config;
  const resolve = createInstanceResolver(services);
  const addressMac = addressMacOf(services);
  const inContext = instanceContext(resolve, addressMac, logFacts);
  const inContextOfCode = knownUserCode({
    deviceCodes,
    sessions,
    guesses,
    refusals,
    failuresPerMinute,
    issuer: config.issuer,
    https,
    views,
    resolve,
    addressMac,
    clock,
  });
  const form = oauthInput({ json: false });
  const published = publishedDocuments(live);
  const serve = protocol({
    live,
    describe: logFacts,
    onFailure(req, failure) {
      const state = requestState(req);
      const { id, log } = state;
      const isAway = isDatabaseUnavailable(failure);
      log.error = 'server_error';
      state.why ??= { reason: isAway ? 'service.database_away' : 'service.failure' };
      if (isAway) outageLogOf(logger).report(failure);
      else logger.error({ requestId: id, err: failure }, 'unexpected error');
    },
  });
  const { token, introspection, revocation, userinfo, explain } = services.endpoints;
  const authenticated = authenticateClients({ ...services, issuer: config.issuer });
  const limitOf = endpointLimits(limits, COUNTED);
  const asked = readAuthorizationRequest({ ...services, issuer: config.issuer });
  const post = ['POST'];
  const answered = (endpoint: Endpoint, limit: LimitRequest, methods: string[]): Middleware[] => {
    const read = oauthInput({ json: endpoint.takesJson ?? false });
    return [jsonAnswers, read, limited(limit, methods), answersAt(endpoint, methods), inContext, serve];
  };
  const chains: Record<ProtocolRouteKind, Middleware[]> = {
    authorization: [form, repeatPostedRequest(services), inContext, asked, serve],
    resumption: [form, inContext, serve],
    user_code: [onlyFromOwnPages(config.issuer), form, inContextOfCode, serve],
    token: answered(token, limitOf.token, post),
    client: [jsonAnswers, form, limited(limits.clients, post), inContext, authenticated, asked, serve],
    introspection: answered(introspection, limitOf.introspection, post),
    revocation: answered(revocation, limitOf.revocation, post),
    userinfo: answered(userinfo, limitOf.userinfo, ['GET', 'HEAD', 'POST']),
    document: [jsonAnswers, published, form, inContext, serve],
  };
  const explained = [
    jsonAnswers,
    oauthInput({ json: true }),
    limited(limitOf.explain, post),
    answersAt(explain, post),
  ];
  const router = createRouter();
  for (const { path, methods, kind } of PROTOCOL_ROUTES)
    router.register(path, [...methods], chains[kind] as never);
  router.post(EXPLAIN, ...(explained as never[]));
  router.options(EXPLAIN, (ctx) => preflight(ctx, 'POST'));
  return router;
}

/** A keyed hash of the address that a request comes from. */
export function addressMacOf({ config: { secrets } }: Services): (req: IncomingMessage) => Buffer {
  return limitKeyMac(secrets.keyEncryptionKeys);
}
