import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { noteFacts, type RequestFacts, requestContext } from './request-context.ts';
import { clientRecord } from './storage/client-metadata.ts';

/** The endpoints at which a client authenticates. */
const CLIENT_ROUTES: ReadonlySet<string> = new Set([
  'token',
  'introspection',
  'revocation',
  'pushed_authorization_request',
  'device_authorization',
]);

/** Notes what the library has found out about a request, whether it answers or refuses. */
export const noteRequest: Middleware = async (ctx, next) => {
  try {
    await next();
  } finally {
    const { oidc } = ctx as Partial<KoaContextWithOIDC>;
    if (oidc) noteFacts(factsOf(oidc));
  }
};

function factsOf({
  route,
  client,
  params,
  account,
  session,
  entities,
}: KoaContextWithOIDC['oidc']): RequestFacts {
  const person = account?.accountId ?? session?.accountId;
  const grant = entities.AuthorizationCode?.grantId ?? entities.DeviceCode?.grantId;
  return {
    ...(client ? { client: client.clientId, clientIs: proofOf(client, route) } : {}),
    ...(route === 'token' && typeof params?.grant_type === 'string' ? { grantType: params.grant_type } : {}),
    ...(person ? { person } : {}),
    ...(grant ? { grant } : {}),
  };
}

function proofOf(client: object, route: string): NonNullable<RequestFacts['clientIs']> {
  const { hasAuthenticated, refusal } = requestContext();
  if (refusal?.error === 'invalid_client') return 'claimed';
  if (hasAuthenticated) return 'authenticated';
  return CLIENT_ROUTES.has(route) && clientRecord(client).type !== 'public' ? 'claimed' : 'registered';
}
