import type Router from '@koa/router';
import type { Metrics } from '../../platform/metrics.ts';
import type { AnswerListener } from './access-log.ts';

/** All unknown addresses share one name, so that made-up addresses add nothing to memory. */
const OTHER = 'other';

/** The part of a route's path that names the endpoint. The rest varies, or is a step of the same endpoint. */
const NAME = /^\/(?:(?:auth|\.well-known|v1\/listnr-token-provider)\/[^/:]+|[^/:]+)/;

/**
 * Maps a path to the name of the endpoint that serves it. The routes themselves match, so the map knows exactly
 * theirs.
 */
export function endpointsOf(routers: readonly Router[]): (path: string) => string {
  const exact = new Map<string, string>();
  const byBeginning = new Map<string, { matches(path: string): boolean; name: string }[]>();
  for (const layer of routers.flatMap(({ stack }) => stack)) {
    const path = String(layer.path);
    const name = NAME.exec(path)?.[0] ?? OTHER;
    if (!path.includes(':')) exact.set(path, name);
    const key = firstSegment(path);
    byBeginning.set(key, [...(byBeginning.get(key) ?? []), { matches: (asked) => layer.match(asked), name }]);
  }
  return (path) =>
    exact.get(path) ??
    byBeginning.get(firstSegment(path))?.find(({ matches }) => matches(path))?.name ??
    OTHER;
}

function firstSegment(path: string): string {
  const end = path.indexOf('/', 1);
  return end === -1 ? path : path.slice(0, end);
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Measures each request under the name of its endpoint. */
export function measureAnswers(
  metrics: Pick<Metrics, 'observeRequest'>,
  endpointOf: (path: string) => string,
): AnswerListener {
  return ({ method, path, status, seconds }) =>
    metrics.observeRequest({
      endpoint: endpointOf(path),
      method: METHODS.has(method) ? method : 'other',
      status,
      seconds,
    });
}
