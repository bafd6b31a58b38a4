import type { Middleware } from 'koa';
import type { Audiences } from '../../clients/authentication/assertion.ts';
import type { Client } from '../../clients/client.ts';
import { OAuthError } from '../../clients/oauth-error.ts';
import {
  authenticate,
  CLIENT_HEADERS,
  type ClientEndpointDependencies,
  refuseClient,
} from '../../endpoints/client-request.ts';
import { audiencesOf } from '../../endpoints/paths.ts';
import { readRequest, send } from '../../http/endpoint.ts';
import type { ParsedRequest } from '../mount.ts';
import { requestContext } from '../request-context.ts';
import { PATHS } from '../routes.ts';
import { vouchedCredentials } from '../storage/client-metadata.ts';

/**
 * Authenticates the clients of the endpoints that the library answers. The library then sees credentials that only this
 * process knows, and adds no rule of its own.
 */
export function authenticateClients(dependencies: ClientEndpointDependencies): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    ctx.set(CLIENT_HEADERS);
    const request = readRequest(ctx);
    const headers: Record<string, string> = {};
    try {
      const client = await authenticate(
        request,
        { headers, audiences: audiencesAt(ctx.path, dependencies) },
        dependencies,
      );
      vouchFor(client, ctx.req);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      return send(ctx, refuseClient(request, headers, error, dependencies));
    }
    ctx.set(headers);
    return next();
  };
}

function vouchFor(client: Client, req: ParsedRequest): void {
  const { client_secret: _secret, client_assertion, client_assertion_type, ...fields } = req.body ?? {};
  const { authorization, parameters } = vouchedCredentials(client);
  req.body = { ...fields, ...parameters };
  // To the library, only a body with a media type has parameters.
  if (Object.keys(parameters).length > 0) req.headers['content-type'] = 'application/x-www-form-urlencoded';
  if (authorization) req.headers.authorization = authorization;
  else delete req.headers.authorization;
  requestContext().client = client;
}

/** RFC 9126 section 2 adds the address of pushed requests there. */
function audiencesAt(path: string, { issuer }: { issuer: string }): Audiences {
  const { pushed_authorization_request: pushed } = PATHS;
  const everywhere = audiencesOf(issuer);
  if (path !== pushed) return everywhere;
  return { issuer, endpoints: [...everywhere.endpoints, `${issuer}${pushed}`] };
}
