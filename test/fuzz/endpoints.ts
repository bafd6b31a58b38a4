import type Router from '@koa/router';
import { edgesOf } from '../../src/app.ts';
import { healthRoutes } from '../../src/http/health.ts';
import { createInternalApp } from '../../src/internal-app.ts';
import type { Base } from './requests/request-parts.ts';
import { BASES, INTERNAL, preflight } from './requests/right-requests.ts';
import type { World } from './world.ts';

export interface Endpoint {
  method: string;
  path: string;
  bases: readonly Base[];
  /** On the operators' port. */
  internal?: boolean;
}

/** Every route that the world's server has, with its requests; `uncovered` names the routes that have none. */
export function endpointsOf({ server: { services } }: World): { endpoints: Endpoint[]; uncovered: string[] } {
  const health = healthRoutes({ ready: () => services.database.ready(), unready: () => undefined });
  const outside = [health, ...edgesOf(services)].flatMap(routesIn).map(({ method, path }) => ({
    method,
    path,
    bases: method === 'OPTIONS' ? preflight : BASES[path]?.[method === 'HEAD' ? 'GET' : method],
  }));
  const inside = internalRouters(services)
    .flatMap(routesIn)
    .map((route) => ({ ...route, bases: INTERNAL[route.path], internal: true }));
  const all = [...outside, ...inside];
  return {
    endpoints: all.flatMap(({ bases, ...route }) => (bases ? [{ ...route, bases }] : [])),
    uncovered: all.filter(({ bases }) => !bases).map(({ method, path }) => `${method} ${path}`),
  };
}

function internalRouters(services: World['server']['services']): Router[] {
  const { middleware } = createInternalApp(services, { retiring: () => false });
  return middleware.flatMap((step) => ('router' in step ? [step.router as Router] : []));
}

function routesIn({ stack }: Router): { method: string; path: string }[] {
  return stack.flatMap(({ methods, path }) => methods.map((method) => ({ method, path: String(path) })));
}
