import type { UnreadListener } from '../http/connections/refusals.ts';
import { limitKeyOf } from '../http/rate-limits/limit-key.ts';
import type { AnswerListener } from '../http/records/access-log.ts';
import { claimed } from '../platform/log/claimed.ts';
import type { Metrics } from '../platform/metrics.ts';
import { REQUEST_REASONS } from '../refusals/reasons/request.ts';
import type { RefusalRecorder } from '../refusals/record/recorder.ts';
import type { Refused } from '../refusals/refused.ts';

const OF_LISTNR = '/v1/listnr-token-provider/';
/** The endpoints of protocols. Pages of people are left out, unless a refusal there has a reason of its own. */
const OF_PROGRAMS = /^\/(auth|v1\/listnr-token-provider)\//;
/** Asking for an explanation is not explained itself. */
const EXPLAIN = /\/explain$/;
const OF_ANY_REQUEST: ReadonlySet<string> = new Set(Object.keys(REQUEST_REASONS));
/** A device asks again and again until its person has decided. */
const NO_REFUSALS: ReadonlySet<unknown> = new Set(['authorization_pending']);

/** Records each answer that refuses. It looks at what the log knows, so the short way and the long way have the same records. */
export function recordRefusals(
  recorder: RefusalRecorder,
  endpointOf: (path: string) => string,
): AnswerListener {
  return ({ path, status, state }) => {
    const { id, why, instance, log, claim } = state;
    if (why === undefined && log.error === undefined) return;
    const endpoint = endpointOf(path);
    if (EXPLAIN.test(endpoint) || NO_REFUSALS.has(log.error)) return;
    if (!OF_PROGRAMS.test(endpoint) && (why === undefined || OF_ANY_REQUEST.has(why.reason))) return;
    recorder.record(
      {
        requestId: id,
        service: endpoint.startsWith(OF_LISTNR) ? 'listnr' : 'listo',
        endpoint,
        status,
        clientId: textOf(log.client),
        claim: log.clientIs === 'claimed' && log.client === claimed(claim ?? '') ? claim : undefined,
        clientIs: log.clientIs as Refused['clientIs'],
        instanceId: instance,
        error: textOf(log.error) ?? `http_${status}`,
        why,
      },
      limitKeyOf(state),
    );
  };
}

/** Counts and records input that was refused before it became a request. Nobody knows of which client it is. */
export function unreadListener({
  metrics,
  refusalRecorder,
}: {
  metrics: Pick<Metrics, 'countUnread'>;
  refusalRecorder: RefusalRecorder;
}): UnreadListener {
  return ({ id, ip, status, why }) => {
    metrics.countUnread(status);
    refusalRecorder.record(
      {
        ...{ requestId: id, service: 'listo', endpoint: 'other', status, error: 'invalid_request', why },
        ...{ clientId: undefined, claim: undefined, clientIs: undefined, instanceId: undefined },
      },
      limitKeyOf({ ip }),
    );
  };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}
