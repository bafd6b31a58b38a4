import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import type { Services } from './compose.ts';
import { demoRoutes } from './demo/routes.ts';
import { accessLog } from './http/access-log.ts';
import { assetRoutes } from './http/assets.ts';
import { shareDatabase } from './http/database-share.ts';
import { endpointsOf } from './http/endpoints.ts';
import { errorHandler } from './http/error-handler.ts';
import { healthRoutes } from './http/health.ts';
import { issuerOrigin } from './http/issuer-origin.ts';
import { limitFailures, limitRequests } from './http/limits.ts';
import { measureRequests } from './http/measure.ts';
import { oauthInput } from './http/oauth-input.ts';
import { requestState } from './http/request-state.ts';
import { securityHeaders } from './http/security-headers.ts';
import { createViews } from './http/views.ts';
import { knownUserCode } from './interactions/device.ts';
import { repeatPostedRequest } from './interactions/posted-request.ts';
import { interactionRoutes } from './interactions/routes.ts';
import { listnrRoutes } from './listnr/routes.ts';
import { publishedDocuments } from './oidc/corrections/published-documents.ts';
import { createInstanceResolver } from './oidc/instance-resolver.ts';
import { instanceScope, protocol } from './oidc/mount.ts';
import { DOCUMENTS, PATHS, PROTOCOL_ROUTES } from './oidc/routes.ts';
import { unavailable } from './platform/database-errors.ts';
import { HttpError } from './platform/errors.ts';
import type { Logger } from './platform/logger.ts';
import { signOutRoutes } from './sign-out/routes.ts';

/**
 * The only HTTP map: what every request passes, and which edge answers which path. `retiring` says whether this process
 * is about to stop.
 */
export function createApp(services: Services, { retiring }: { retiring(): boolean }): Koa {
  const { config, logger, views, limits } = services;
  const app = new Koa();
  app.keys = [...config.secrets.cookieKeys];
  const health = healthRoutes({
    ready: () => services.database.ready(),
    unready: () => (retiring() ? 'draining' : undefined),
  });
  const routers = [
    assetRoutes({ views }),
    pages(services),
    signOut(services),
    tokenProvider(services),
    protocolRoutes(services),
    ...(config.demo ? [demo(services)] : []),
  ];

  app.use(issuerOrigin(config.issuer));
  app.use(accessLog({ logger, trustedProxies: config.trustedProxies }));
  const endpointOf = endpointsOf([health, ...routers]);
  app.use(measureRequests(services.metrics, endpointOf));
  app.use(securityHeaders({ https: config.https }));
  app.use(errorHandler({ logger, views }));
  app.use(routesOf(health));
  app.use(limitRequests(limits.requests));
  app.use(shareDatabase(endpointOf));
  for (const router of routers) app.use(routesOf(router));
  app.use(nothingHere);
  reportLostConnections(app, logger);
  return app;
}

/** Koa itself reports only connections that broke, and would print them; the access log has the request as aborted. */
function reportLostConnections(app: Koa, logger: Logger): void {
  app.on('error', (err) => logger.debug({ err }, 'connection lost'));
}

/** What answers while the database is awaited: it lives, and serves nothing yet. */
export function createStartingApp({ config, logger }: Pick<Services, 'config' | 'logger'>): Koa {
  const app = new Koa();
  const notYet = async () => {
    throw unavailable(undefined);
  };
  app.use(accessLog({ logger, trustedProxies: config.trustedProxies }));
  app.use(securityHeaders({ https: config.https }));
  app.use(errorHandler({ logger, views: createViews() }));
  app.use(routesOf(healthRoutes({ ready: notYet, unready: () => 'starting' })));
  app.use(notYet);
  reportLostConnections(app, logger);
  return app;
}

/** A router, asked only for paths that begin as one of its own: it would try each of its routes, one after another. */
function routesOf(router: Router): Middleware {
  const routes = router.routes();
  const known = new Set(router.stack.map(({ path }) => beginning(String(path).replace(/\/:.*$/, ''), 2)));
  const mayAnswer = (path: string) => known.has(beginning(path, 2)) || known.has(beginning(path, 1));
  return (ctx, next) => (mayAnswer(ctx.path) ? routes(ctx as never, next) : next());
}

/** The first segments of a path. */
function beginning(path: string, segments: 1 | 2): string {
  let end = path.indexOf('/', 1);
  if (segments === 2 && end !== -1) end = path.indexOf('/', end + 1);
  return (end === -1 ? path : path.slice(0, end)).toLowerCase();
}

/** What no router answered: 405 with `Allow` at an address that takes other methods, otherwise 404. */
const nothingHere: Middleware = (ctx) => {
  const { matched = [] } = ctx as { matched?: { methods: string[] }[] };
  const methods = new Set(matched.flatMap((route) => route.methods));
  if (methods.size === 0 || methods.has(ctx.method)) {
    throw new HttpError({ status: 404, code: 'not_found', message: 'There is nothing at this address.' });
  }
  throw new HttpError({
    status: 405,
    code: 'invalid_request',
    message: 'This address does not take that method.',
    headers: { Allow: [...methods].join(', ') },
  });
};

function pages(services: Services): Router {
  const { config, live, limits } = services;
  return interactionRoutes(
    { ...services, issuer: config.issuer, provider: () => live.current, ...limits },
    { inScope: instanceScope(createInstanceResolver(services)) },
  );
}

function signOut({ config: { https }, live, instances, clients, people, views, csrf }: Services): Router {
  return signOutRoutes({ live, instances, clients, people, views, csrf, https });
}

function tokenProvider(services: Services): Router {
  const { config, limits, listnrClients, listnrClientSecrets } = services;
  return listnrRoutes({
    ...services,
    issuer: config.issuer,
    listnrIssuer: config.listnrIssuer,
    environment: config.environment,
    clients: listnrClients,
    secrets: listnrClientSecrets,
    clientFailures: limits.clientFailures,
  });
}

function demo({ config: { issuer, https, listnrIssuer }, views, csrf }: Services): Router {
  return demoRoutes({ issuer, https, listnrIssuer, views, csrf });
}

function protocolRoutes(services: Services): Router {
  // One spelling of each path: what stands around the library goes by it.
  const router = new Router({ strict: true, sensitive: true });
  const resolve = createInstanceResolver(services);
  const inScope = instanceScope(resolve);
  const ofDevice = knownUserCode({ ...services, ...services.limits, resolve });
  const serve = protocol({
    live: services.live,
    onRefusal(req, { error, detail }, failure) {
      const { id, log } = requestState(req);
      Object.assign(log, { error, ...(detail ? { detail } : {}) });
      if (failure) services.logger.error({ requestId: id, err: failure }, 'unexpected error');
    },
  });
  for (const { path, methods, api, json = false, authenticates = false } of PROTOCOL_ROUTES) {
    const steps: Middleware[] = [
      oauthInput({ json }),
      path === PATHS.code_verification ? ofDevice : inScope,
      serve,
    ];
    if (path === PATHS.authorization) steps.splice(1, 0, repeatPostedRequest);
    if (authenticates) steps.splice(1, 0, limitFailures(services.limits.clientFailures));
    if (DOCUMENTS.has(path)) steps.unshift(publishedDocuments(services.live));
    if (api) steps.unshift(jsonAnswers);
    router.register(path, [...methods], steps as never);
  }
  return router;
}

/** The answers of an API are JSON, whatever a client says it accepts. */
const jsonAnswers: Middleware = (ctx, next) => {
  ctx.req.headers.accept = 'application/json';
  return next();
};
