import { decodeJwt } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../../clients/client.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord } from '../storage/client-metadata.ts';

/** A request that the library refused. It is looked at again, to find out why. */
export interface RefusedRequest {
  /** The library's name of the endpoint. */
  route: string;
  /** The parameters as the client means them. One that was sent twice has an array. */
  sent: Readonly<Record<string, unknown>>;
  client: Client | undefined;
  /** Whether the library has read a hint, and took it. */
  hasHint: boolean;
  /** The DPoP proof. */
  proof: string;
  /** The address of the endpoint. */
  url: string;
  now: Date;
  /** The names of the checks that wanted the person (configuration/interaction-policy.ts). */
  due: readonly string[];
  /** The reason with which our pages ended the interaction. An older process gives none. */
  ended: string | undefined;
  /** Whether our pages ended it with an error. */
  hasEnded: boolean;
}

export function refusedRequest(ctx: KoaContextWithOIDC, now: Date): RefusedRequest {
  const { oidc, query } = ctx;
  const { client: known, due = [] } = requestContext();
  const { result } = (oidc.entities.Interaction ?? {}) as { result?: { error?: unknown; reason?: unknown } };
  return {
    route: oidc.route,
    sent: sentParameters({ oidc, query }),
    client: oidc.client ? clientRecord(oidc.client) : known,
    hasHint: oidc.entities.IdTokenHint !== undefined,
    proof: ctx.get('DPoP'),
    url: `${oidc.issuer}${ctx.path}`,
    now,
    due,
    ended: typeof result?.reason === 'string' ? result.reason : undefined,
    hasEnded: result?.error !== undefined,
  };
}

/**
 * The parameters before the library changed them. A pushed request counts, and no parameter beside its request_uri
 * (RFC 9126).
 */
export function sentParameters({
  oidc,
  query,
}: Pick<KoaContextWithOIDC, 'oidc' | 'query'>): Record<string, unknown> {
  const { PushedAuthorizationRequest: pushed } = oidc.entities;
  if (pushed) return decodeJwt(pushed.request);
  if (oidc.route === 'authorization') return query;
  // Where a person comes back, the parameters are those with which the request began.
  return oidc.body ?? { ...oidc.params };
}
