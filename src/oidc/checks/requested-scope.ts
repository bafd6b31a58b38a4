import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { clientRecord } from '../storage/client-metadata.ts';

/**
 * A scope that is unknown, or that this client may not request, is `invalid_scope` (the guide's table). The library
 * drops unknown scopes before it calls any hook, so this reads the scopes as they were sent.
 *
 * `offline_access` is accepted from every client and changes nothing: a client with the refresh grant gets a refresh
 * token anyway.
 */
export function checkRequestedScope(ctx: KoaContextWithOIDC, client: object): void {
  const sent = scopeAsSent(ctx);
  if (!sent) throw new errors.InvalidRequest("missing required parameter 'scope'");
  const allowed = clientRecord(client).scopes;
  const asked = sent.split(' ').filter((scope) => scope !== 'offline_access');
  if (asked.length === 0 || !asked.every((scope) => allowed.includes(scope)))
    throw new errors.CustomOIDCProviderError('invalid_scope', 'Invalid scopes');
}

function scopeAsSent({ oidc, query }: KoaContextWithOIDC): string {
  // A pushed scope was checked when it was pushed, and a parameter beside its request_uri does not count (RFC 9126).
  if (oidc.entities.PushedAuthorizationRequest) return String(oidc.params?.scope ?? '');
  return String((oidc.route === 'authorization' ? query : oidc.body)?.scope ?? '');
}
