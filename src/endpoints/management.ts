import { invalidClient } from '../clients/authentication/errors.ts';
import type { Client } from '../clients/client.ts';
import { requireParameters, singleParameters } from '../clients/single-parameters.ts';
import type { Endpoint, EndpointRequest } from '../http/endpoint.ts';
import { prefers } from '../http/input/accept.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { type IntrospectionDependencies, introspect } from '../tokens/management/introspect.ts';
import type { ManagementRequest } from '../tokens/management/management-request.ts';
import { type RevocationDependencies, revoke } from '../tokens/management/revoke.ts';
import { signedIntrospection } from '../tokens/management/signed-introspection.ts';
import {
  answerClient,
  CLIENT_HEADERS,
  type ClientEndpointDependencies,
  isAnonymous,
  refuseClient,
} from './client-request.ts';
import { audiencesOf } from './paths.ts';

/** The type of a signed answer (RFC 9701 section 5). */
const SIGNED = 'application/token-introspection+jwt';

const ANONYMOUS = { reason: 'introspection.anonymous' } as const;

/**
 * RFC 7662. Introspection is for clients that authenticate (section 2.1). The `Accept` header asks for a signed answer
 * (RFC 9701 section 4). A refusal is JSON in any case.
 */
export function introspectionEndpoint(d: ClientEndpointDependencies & IntrospectionDependencies): Endpoint {
  const audiences = audiencesOf(d.issuer);
  const describe = async (request: EndpointRequest, work: typeof introspect | typeof signedIntrospection) => {
    if (isAnonymous(request, d))
      return refuseClient(request, {}, invalidClient('introspection without authentication', ANONYMOUS), d);
    return answerClient(request, audiences, d, (client) => work(readRequest(request, client), d));
  };
  return {
    headers: CLIENT_HEADERS,
    async answer(request) {
      if (!prefers(request.accept, SIGNED, 'application/json')) return describe(request, introspect);
      const { status, headers, body } = await describe(request, signedIntrospection);
      if (status === 200) return { status, headers: { ...headers, 'Content-Type': SIGNED }, body };
      // RFC 9701 section 5, where RFC 6749 section 5.2 leaves a choice.
      return { status: request.headers.authorization ? status : 400, headers, body };
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

function readRequest({ body, note, origin }: EndpointRequest, client: Client): ManagementRequest {
  const parameters = singleParameters(body as RequestParameters, ['token', 'token_type_hint']);
  return { client, note, origin, ...requireParameters(parameters, 'token') };
}
