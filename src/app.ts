import type { RequestListener } from 'node:http';
import type Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { accountRoutes } from './account/routes.ts';
import { directRoutes } from './app/direct.ts';
import { COUNTED, endpointLimits } from './app/endpoint-limits.ts';
import { mailPages } from './app/mail-pages.ts';
import { addressMacOf, protocolRoutes } from './app/protocol-routes.ts';
import { recordRefusals, unreadListener } from './app/record-refusals.ts';
import type { Services } from './compose.ts';
import { explanationRoutes } from './explanations/routes.ts';
import { crossOriginFailures } from './http/cross-origin-failures.ts';
import { shareDatabase } from './http/database-share.ts';
import { directAnswers } from './http/direct/direct-answers.ts';
import { errorHandler, errorReports, NOBODY_KNOWN } from './http/error-handler.ts';
import { EXPLAIN } from './http/explanation-address.ts';
import { healthRoutes } from './http/health.ts';
import { fewParameters } from './http/input/parameters.ts';
import { issuerOrigin } from './http/issuer-origin.ts';
import { mirror } from './http/mirror.ts';
import { assetRoutes } from './http/pages/assets.ts';
import { createViews } from './http/pages/views.ts';
import { limitRequests } from './http/rate-limits/limit-requests.ts';
import { type AnswerListener, accessLog, accessRecords } from './http/records/access-log.ts';
import { endpointsOf, measureAnswers } from './http/records/endpoint-names.ts';
import { logFacts } from './http/records/log-fields.ts';
import { nothingHere, routesOf, toOneSpelling } from './http/routing.ts';
import { securityHeaders, securityHeadersOf } from './http/security-headers.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { EXPLAIN_LISTNR, ISSUE_TOKEN, JWKS, listnrRoutes } from './listnr/routes.ts';
import { loginInitiationRoutes } from './login-initiation/routes.ts';
import { createInstanceResolver } from './oidc/instance-resolver.ts';
import { instanceContext } from './oidc/mount.ts';
import { PROTOCOL_ROUTES, type ProtocolRouteKind } from './oidc/routes.ts';
import { unavailable } from './platform/database-errors.ts';
import type { Logger } from './platform/log/logger.ts';
import { signOutRoutes } from './sign-out/routes.ts';

export { unreadListener };

const CLIENT_KINDS: ReadonlySet<ProtocolRouteKind> = new Set([
  'token',
  'client',
  'introspection',
  'revocation',
]);

/** The paths of clients, whose requests are counted when the client is known. */
const CLIENT_PATHS: ReadonlySet<string> = new Set([
  ISSUE_TOKEN,
  EXPLAIN_LISTNR,
  EXPLAIN,
  ...PROTOCOL_ROUTES.filter(({ kind }) => CLIENT_KINDS.has(kind)).map(({ path }) => path),
]);

/** The paths that pages of applications call from their own origins. */
const CROSS_ORIGIN_PATHS: ReadonlySet<string> = new Set([
  ISSUE_TOKEN,
  EXPLAIN,
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
  const measured = measureAnswers(metrics, endpointOf);
  const recorded = recordRefusals(services.refusalRecorder, endpointOf);
  const onAnswer: AnswerListener = (answer) => {
    measured(answer);
    recorded(answer);
  };
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
    mirror({
      cookieKeys: config.secrets.cookieKeys,
      certificateHeader: config.clientCertificates.header?.name,
      clock: services.clock,
    }),
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
    explanations(services),
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

function signOut({ config: { issuer, https }, ...services }: Services): Router {
  const { live, hints, instances, clients, people, sessions, views, csrf } = services;
  return signOutRoutes({ issuer, live, hints, instances, clients, people, sessions, views, csrf, https });
}

function account({ config: { issuer, https, mail }, ...services }: Services): Router {
  return accountRoutes({ ...services, issuer, https, sendsMail: mail !== undefined });
}

function loginInitiation({ config: { issuer }, clients }: Services): Router {
  return loginInitiationRoutes({ issuer, clients });
}

function explanations({ config: { issuer, production }, views, recordedRefusals }: Services): Router {
  return explanationRoutes({ issuer, views, refusals: production ? undefined : recordedRefusals });
}

function tokenProvider(services: Services): Router {
  const { limits, publishedKeys, endpoints } = services;
  const { issueToken, explainListnr } = endpoints;
  return listnrRoutes({
    issueToken,
    explainListnr,
    publishedKeys,
    limit: endpointLimits(limits, COUNTED).issueToken,
  });
}

function demo({ config, demoRoutes, demoOffers, views, csrf }: Services): Router[] {
  const { issuer, https, listnrIssuer, mail } = config;
  const showsMail = mail?.by === 'demo';
  return demoRoutes
    ? [demoRoutes({ issuer, https, listnrIssuer, showsMail, offers: demoOffers, views, csrf })]
    : [];
}
