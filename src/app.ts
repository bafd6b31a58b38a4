import type { IncomingMessage, RequestListener } from 'node:http';
import type Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { accountRoutes } from './account/routes.ts';
import { directRoutes } from './app/direct.ts';
import { endpointLimits } from './app/endpoint-limits.ts';
import { mailPages } from './app/mail-pages.ts';
import type { Services } from './compose.ts';
import { crossOriginFailures } from './http/cross-origin-failures.ts';
import { shareDatabase } from './http/database-share.ts';
import { directAnswers } from './http/direct/direct-answers.ts';
import { answersAt, type Endpoint } from './http/endpoint.ts';
import { errorHandler, errorReports, NOBODY_KNOWN } from './http/error-handler.ts';
import { healthRoutes } from './http/health.ts';
import { oauthInput } from './http/input/oauth-input.ts';
import { fewParameters } from './http/input/parameters.ts';
import { issuerOrigin } from './http/issuer-origin.ts';
import { assetRoutes } from './http/pages/assets.ts';
import { onlyFromOwnPages } from './http/pages/own-pages.ts';
import { createViews } from './http/pages/views.ts';
import { limitKeyMac } from './http/rate-limits/limit-key.ts';
import { type LimitRequest, limited, limitRequests } from './http/rate-limits/limit-requests.ts';
import { accessLog, accessRecords } from './http/records/access-log.ts';
import { endpointsOf, measureAnswers } from './http/records/endpoint-names.ts';
import { logFacts } from './http/records/log-fields.ts';
import { requestState } from './http/records/request-state.ts';
import { createRouter, jsonAnswers, nothingHere, routesOf, toOneSpelling } from './http/routing.ts';
import { securityHeaders, securityHeadersOf } from './http/security-headers.ts';
import { knownUserCode } from './interactions/device/user-code.ts';
import { repeatPostedRequest } from './interactions/posted-request.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { ISSUE_TOKEN, JWKS, listnrRoutes } from './listnr/routes.ts';
import { loginInitiationRoutes } from './login-initiation/routes.ts';
import { publishedDocuments } from './oidc/answers/published-documents.ts';
import { createInstanceResolver } from './oidc/instance-resolver.ts';
import { instanceContext, protocol } from './oidc/mount.ts';
import { authenticateClients } from './oidc/requests/client-requests.ts';
import { readAuthorizationRequest } from './oidc/requests/read-request.ts';
import { PROTOCOL_ROUTES, type ProtocolRouteKind } from './oidc/routes.ts';
import { isDatabaseUnavailable, unavailable } from './platform/database-errors.ts';
import type { Logger } from './platform/log/logger.ts';
import { outageLogOf } from './platform/log/outage-log.ts';
import { signOutRoutes } from './sign-out/routes.ts';

const CLIENT_KINDS: ReadonlySet<ProtocolRouteKind> = new Set([
  'token',
  'client',
  'introspection',
  'revocation',
]);

/** The paths of clients, whose requests are counted when the client is known. */
const CLIENT_PATHS: ReadonlySet<string> = new Set([
  ISSUE_TOKEN,
  ...PROTOCOL_ROUTES.filter(({ kind }) => CLIENT_KINDS.has(kind)).map(({ path }) => path),
]);

/** The first of all limits has counted the requests of the long way that name no client. */
const COUNTED = { isCounted: true };

/** The paths that pages of applications call from their own origins. */
const CROSS_ORIGIN_PATHS: ReadonlySet<string> = new Set([
  ISSUE_TOKEN,
  JWKS,
  ...PROTOCOL_ROUTES.filter(({ methods }) => methods.includes('OPTIONS')).map(({ path }) => path),
]);

/**
 * The only HTTP map: the steps of every request, from top to bottom, and the edge for each path. Hot requests that are
 * plain are answered before (app/direct.ts). `retiring` says whether this process is about to stop.
 */
export function createListener(services: Services, { retiring }: { retiring(): boolean }): RequestListener {
  const { config, database, logger, views, findOwner, limits, metrics } = services;
  const health = healthRoutes({
    ready: () => database.ready(),
    unready: () => (retiring() ? 'draining' : undefined),
  });
  const edges = edgesOf(services);
  const endpointOf = endpointsOf([health, ...edges]);
  const onAnswer = measureAnswers(metrics, endpointOf);
  const open = accessRecords({ logger, ...config, onAnswer });
  const report = errorReports({ logger });
  const app = applicationOf(logger, [
    issuerOrigin(config.issuer),
    accessLog(open),
    securityHeaders({ https: config.https }),
    errorHandler({ report, views, findOwner }),
    routesOf(health),
    crossOriginFailures(CROSS_ORIGIN_PATHS),
    limitRequests(limits.requests, { exceptPosts: CLIENT_PATHS }),
    fewParameters,
    shareDatabase(endpointOf),
    ...edges.map(routesOf),
    toOneSpelling(edges),
    nothingHere,
  ]);
  app.keys = [...config.secrets.cookieKeys];
  return directAnswers(
    {
      routes: directRoutes(services),
      open,
      report,
      securityHeaders: securityHeadersOf({ https: config.https }),
      count: metrics.countWay,
    },
    app.callback(),
  );
}

/** The routes of all edges. */
export function edgesOf(services: Services): Router[] {
  return [
    assetRoutes(services),
    pages(services),
    signOut(services),
    account(services),
    loginInitiation(services),
    tokenProvider(services),
    protocolRoutes(services),
    ...mailPages(services),
    ...demo(services),
  ];
}

/** The application while the process waits for the database: it lives, and serves nothing yet. */
export function createStartingApp({ config, logger }: Pick<Services, 'config' | 'logger'>): Koa {
  const notYet = async () => {
    throw unavailable(undefined);
  };
  const views = createViews();
  return applicationOf(logger, [
    accessLog(accessRecords({ logger, trustedProxies: config.trustedProxies })),
    securityHeaders({ https: config.https }),
    errorHandler({ report: errorReports({ logger }), views, findOwner: NOBODY_KNOWN }),
    routesOf(healthRoutes({ ready: notYet, unready: () => 'starting' })),
    // The page that says so has a look.
    routesOf(assetRoutes({ views })),
    notYet,
  ]);
}

function applicationOf(logger: Logger, chain: readonly Middleware[]): Koa {
  const app = new Koa();
  for (const step of chain) app.use(step);
  // Koa reports only broken connections here, and would print them. The access log has such a request as aborted.
  app.on('error', (err) => logger.debug({ err }, 'connection lost'));
  return app;
}

function pages(services: Services): Router {
  const { config, live } = services;
  return interactionRoutes(
    {
      ...services,
      issuer: config.issuer,
      https: config.https,
      provider: () => live.current,
      sendsMail: config.mail !== undefined,
    },
    { inContext: instanceContext(createInstanceResolver(services), addressMacOf(services), logFacts) },
  );
}

function addressMacOf({ config: { secrets } }: Services): (req: IncomingMessage) => Buffer {
  return limitKeyMac(secrets.keyEncryptionKeys);
}

function signOut({ config: { issuer, https }, ...services }: Services): Router {
  const { live, hints, instances, clients, people, sessions, views, csrf } = services;
  return signOutRoutes({ issuer, live, hints, instances, clients, people, sessions, views, csrf, https });
}

function account({ config: { issuer, https }, ...services }: Services): Router {
  return accountRoutes({ ...services, issuer, https });
}

function loginInitiation({ config: { issuer }, clients }: Services): Router {
  return loginInitiationRoutes({ issuer, clients });
}

function tokenProvider(services: Services): Router {
  const { limits, publishedKeys, endpoints } = services;
  const { issueToken } = endpoints;
  return listnrRoutes({ issueToken, publishedKeys, limit: endpointLimits(limits, COUNTED).issueToken });
}

function demo({ config, demoRoutes, demoOffers, views, csrf }: Services): Router[] {
  const { issuer, https, listnrIssuer } = config;
  return demoRoutes ? [demoRoutes({ issuer, https, listnrIssuer, offers: demoOffers, views, csrf })] : [];
}

function protocolRoutes(services: Services): Router {
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
      const { id, log } = requestState(req);
      log.error = 'server_error';
      if (isDatabaseUnavailable(failure)) outageLogOf(logger).report(failure);
      else logger.error({ requestId: id, err: failure }, 'unexpected error');
    },
  });
  const { token, introspection, revocation, userinfo } = services.endpoints;
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
  const router = createRouter();
  for (const { path, methods, kind } of PROTOCOL_ROUTES)
    router.register(path, [...methods], chains[kind] as never);
  return router;
}
