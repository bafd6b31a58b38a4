import type { Endpoint } from '../http/endpoint.ts';
import { explainOwn, NOTHING_TO_EXPLAIN } from '../refusals/explain/own-explanation.ts';
import type { RefusalStore } from '../refusals/explain/refusal-store.ts';
import { invalidClient, invalidRequest, unauthorizedClient } from '../tokens/listnr/errors.ts';
import { authenticateBasic } from './authentication/authenticate-basic.ts';
import { readAuthorization } from './authentication/authorization-header.ts';
import { createDirectory } from './directory.ts';

export type ExplainEndpointDependencies = Parameters<typeof createDirectory>[0] & {
  recordedRefusals: Pick<RefusalStore, 'find'>;
};

/**
 * Tells a client of LiSTNR why one of its own requests was refused (`request_id`). It authenticates with its secret. A
 * client that is disabled, or not enabled here, may ask as well: that may be the reason. An id that nobody has and one
 * of another client get one and the same answer.
 */
export function explainListnrEndpoint(d: ExplainEndpointDependencies): Endpoint {
  const directory = createDirectory(d);
  return {
    headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' },
    async answer({ headers: { authorization = '' }, body, note }) {
      const credentials = readAuthorization(authorization);
      if (credentials.scheme === 'bearer') throw onlyWithSecret();
      const client = directory.findClient(credentials.clientId);
      if (client?.pattern === 'authenticated_user') throw nothingProven();
      if (client) note({ client: client.id, clientIs: 'claimed' });
      const { id } = await authenticateBasic(
        credentials,
        { clientId: credentials.clientId, client },
        { directory, note },
      );
      note({ clientIs: 'authenticated' });
      const explanation = await explainOwn(d.recordedRefusals, requestId(body), {
        service: 'listnr',
        clientId: id,
      });
      if (explanation) return { status: 200, headers: {}, body: explanation };
      note({ error: NOTHING_TO_EXPLAIN.error });
      return { status: 404, headers: {}, body: NOTHING_TO_EXPLAIN };
    },
  };
}

function requestId({ request_id: id }: Readonly<Record<string, unknown>>): string {
  if (typeof id === 'string' && id !== '') return id;
  throw invalidRequest('request_id is required, once.', {
    reason: 'parameter.missing',
    expected: { parameter: ['request_id'] },
  });
}

function onlyWithSecret() {
  return invalidClient(
    "Authenticate with the client's secret (Authorization: Basic).",
    { reason: 'listnr.secret_required' },
    'basic',
  );
}

function nothingProven() {
  return unauthorizedClient(
    'A client that asks with ID tokens cannot prove that a refusal is its own: ask the operator, who reads it with listo explain and the request_id.',
    { reason: 'explain.client_without_secret' },
  );
}
