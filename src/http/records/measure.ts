import type { Metrics } from '../../platform/metrics.ts';
import type { AnswerListener } from './access-log.ts';

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
