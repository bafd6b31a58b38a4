import { hasCredentials } from '../clients/authentication/credentials.ts';
import { invalidClient } from '../clients/authentication/errors.ts';
import type { Client } from '../clients/client.ts';
import { singleParameters } from '../clients/single-parameters.ts';
import type { Endpoint, EndpointRequest } from '../http/endpoint.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { type IntrospectionDependencies, introspect } from '../tokens/management/introspect.ts';
import type { ManagementRequest } from '../tokens/management/management-request.ts';
import { type RevocationDependencies, revoke } from '../tokens/management/revoke.ts';
import { requireParameters } from '../tokens/token-request.ts';
import {
  answerClient,
  CLIENT_HEADERS,
  type ClientEndpointDependencies,
  credentialsOf,
  refuseClient,
} from './client-request.ts';
import { audiencesOf } from './paths.ts';

/** RFC 7662. Introspection is for clients that authenticate (section 2.1). */
export function introspectionEndpoint(d: ClientEndpointDependencies & IntrospectionDependencies): Endpoint {
  const audiences = audiencesOf(d.issuer);
  return {
    headers: CLIENT_HEADERS,
    async answer(request) {
      if (!hasCredentials(credentialsOf(request)))
        return refuseClient(request, {}, invalidClient('introspection without authentication'), d);
      return answerClient(request, audiences, d, (client) => introspect(readRequest(request, client), d));
    },
  };
}

/** RFC 7009. The answer is empty (section 2.2). */
export function revocationEndpoint(d: ClientEndpointDependencies & RevocationDependencies): Endpoint {
  const audiences = audiencesOf(d.issuer);
  return {
    headers: CLIENT_HEADERS,
    answer: (request) =>
      answerClient(request, audiences, d, async (client) => {
        await revoke(readRequest(request, client), d);
        return undefined;
      }),
  };
}

function readRequest({ body, note }: EndpointRequest, client: Client): ManagementRequest {
  const parameters = singleParameters(body as RequestParameters, ['token', 'token_type_hint']);
  return { client, note, ...requireParameters({ parameters }, 'token') };
}
