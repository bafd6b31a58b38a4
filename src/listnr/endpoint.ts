import type { Endpoint } from '../http/endpoint.ts';
import { createIdTokenVerifier } from '../tokens/id-tokens/id-token-verifier.ts';
import { headersForOrigin } from './cors.ts';
import { createDirectory } from './directory.ts';
import { type IssueTokenDependencies, issueToken } from './issue-token.ts';
import { readTokenRequest } from './token-request.ts';

export type IssueTokenEndpointDependencies = Omit<IssueTokenDependencies, 'directory' | 'idTokens'> &
  Parameters<typeof createDirectory>[0] &
  Parameters<typeof createIdTokenVerifier>[0];

/** Answers token requests (listnr-getting-started). Its refusals are errors, which the error handler answers. */
export function issueTokenEndpoint(dependencies: IssueTokenEndpointDependencies): Endpoint {
  const directory = createDirectory(dependencies);
  const issuing = { ...dependencies, directory, idTokens: createIdTokenVerifier(dependencies) };
  return {
    headers: { Vary: 'Origin' },
    async answer({ headers: { authorization = '', origin }, body, note }) {
      const request = readTokenRequest(body);
      const client = directory.findClient(request.clientId);
      if (client) note({ client: client.id, clientIs: 'claimed' });
      const token = await issueToken({ authorization, request, client, note }, issuing);
      return {
        status: 200,
        // RFC 6749 section 5.1.
        headers: {
          'Cache-Control': 'no-store',
          Pragma: 'no-cache',
          ...headersForOrigin(origin, client?.origins ?? []),
        },
        body: token,
      };
    },
  };
}
