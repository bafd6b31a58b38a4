/**
 * The page to which the `error_uri` of an authorization error leads (RFC 6749 section 4.1.2.1). Anybody may open it with
 * any id, so it says how to find out why a request was refused, and does not say it. In development it says it.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { EXPLAIN } from '../http/explanation-address.ts';
import { parseParameters, singleValue } from '../http/input/parameters.ts';
import { explained } from '../http/pages/explained.ts';
import type { Views } from '../http/pages/views.ts';
import { createRouter } from '../http/routing.ts';
import type { HttpError } from '../platform/errors.ts';
import { explain } from '../refusals/explain/explanation.ts';
import type { RefusalStore } from '../refusals/explain/refusal-store.ts';
import { refusedRequest } from '../refusals/refused-request.ts';

interface ExplanationDependencies {
  issuer: string;
  views: Views;
  /** In development alone. */
  refusals: Pick<RefusalStore, 'find'> | undefined;
}

/** As in `X-Request-Id` (http/records/access-log.ts). */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export function explanationRoutes(dependencies: ExplanationDependencies): Router {
  const router = createRouter();
  router.get(EXPLAIN, (ctx) => show(ctx, dependencies));
  return router;
}

/** @throws HttpError 400 without an id that a request can have. */
async function show(ctx: Context, { issuer, views, refusals }: ExplanationDependencies): Promise<void> {
  const id = singleValue(parseParameters(ctx.querystring).request_id);
  if (id === undefined || !REQUEST_ID.test(id)) throw noId();
  const [newest] = refusals ? await refusals.find(id) : [];
  views.render(ctx, 'explanations/explain', {
    title: 'Why was it refused?',
    requestId: id,
    refusal: newest,
    explanation: newest && explained(explain(newest, { reader: 'client' })),
    isEarly: refusals !== undefined && newest === undefined,
    curl: `curl -sS -u "$client_id:$client_secret" \\\n  ${issuer}${EXPLAIN} \\\n  -d request_id=${id}`,
    command: `npx listo explain ${id}`,
  });
}

function noId(): HttpError {
  const message = 'The address has no request_id, which each error and its X-Request-Id have.';
  return refusedRequest({
    status: 400,
    code: 'invalid_request',
    message,
    why: { reason: 'parameter.missing', expected: { parameter: ['request_id'] } },
    page: { title: 'Which request?', text: 'This address names no request.', detail: message },
  });
}
