import { OAuthError } from '../clients/oauth-error.ts';
import { requireParameters, singleParameters } from '../clients/single-parameters.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { explainOwn, NOTHING_TO_EXPLAIN } from '../refusals/explain/own-explanation.ts';
import type { RefusalStore } from '../refusals/explain/refusal-store.ts';
import { answerClient, CLIENT_HEADERS, type ClientEndpointDependencies } from './client-request.ts';
import { audiencesOf } from './paths.ts';

/**
 * Tells a client why one of its own requests was refused (`request_id`). The client authenticates as everywhere. It gets
 * one and the same answer about an id that nobody has and about one of another client.
 */
export function explainEndpoint(
  d: ClientEndpointDependencies & { recordedRefusals: Pick<RefusalStore, 'find'> },
): Endpoint {
  const audiences = audiencesOf(d.issuer);
  return {
    headers: CLIENT_HEADERS,
    takesJson: true,
    async answer(request) {
      const answer = await answerClient(request, audiences, d, (client) => {
        if (client.type === 'public') throw nothingProven();
        const parameters = singleParameters(request.body as RequestParameters, ['request_id']);
        const { request_id: id } = requireParameters(parameters, 'request_id');
        return explainOwn(d.recordedRefusals, id, { service: 'listo', clientId: client.id });
      });
      if (answer.status !== 200 || answer.body !== undefined) return answer;
      request.note({ error: NOTHING_TO_EXPLAIN.error });
      return { ...answer, status: 404, body: NOTHING_TO_EXPLAIN };
    },
  };
}

/** Anybody can claim to be a public client. */
function nothingProven(): OAuthError {
  return new OAuthError(
    'unauthorized_client',
    'A public client cannot prove that a refusal is its own: ask the operator, who reads it with listo explain and the request_id',
    { why: { reason: 'explain.client_without_secret' } },
  );
}
