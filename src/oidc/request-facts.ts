import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { noteFacts, type RequestFacts } from './request-context.ts';
import { clientRecord } from './storage/client-metadata.ts';

/** The endpoints to which a client comes only after it was authenticated (requests/client-requests.ts). */
const CLIENT_ROUTES: ReadonlySet<string> = new Set(['pushed_authorization_request', 'device_authorization']);

/** Notes what the library has found out about a request, whether it answers or refuses. */
export const noteRequest: Middleware = async (ctx, next) => {
  try {
    await next();
  } finally {
    const { oidc } = ctx as Partial<KoaContextWithOIDC>;
    if (oidc) noteFacts(factsOf(oidc));
  }
};

function factsOf({ route, client, account, session, entities }: KoaContextWithOIDC['oidc']): RequestFacts {
  const person = account?.accountId ?? session?.accountId;
  const grant = entities.AuthorizationCode?.grantId ?? entities.DeviceCode?.grantId;
  return {
    ...(client ? { client: client.clientId, clientIs: proofOf(client, route) } : {}),
    ...(person ? { person } : {}),
    ...(grant ? { grant } : {}),
  };
}

function proofOf(client: object, route: string): NonNullable<RequestFacts['clientIs']> {
  return CLIENT_ROUTES.has(route) && clientRecord(client).type !== 'public' ? 'authenticated' : 'registered';
}
