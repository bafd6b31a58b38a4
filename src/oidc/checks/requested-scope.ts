import { decodeJwt } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { OFFLINE_ACCESS, scopesAllowed } from '../../clients/allowed-now.ts';
import { printable } from '../../platform/log/printable.ts';
import { clientRecord } from '../storage/client-metadata.ts';

/**
 * A scope that is unknown, or that this client may not request, is `invalid_scope` (the guide's table). The library
 * drops unknown scopes before it calls any hook, so this reads the scopes as they were sent.
 *
 * The library also drops `offline_access` without `prompt=consent`. A client that asked for it wants to find it in the
 * answer, and repeats it with each refresh. So it comes back for every client with the refresh grant, and from the
 * others it is accepted and changes nothing.
 */
export function checkRequestedScope(ctx: KoaContextWithOIDC, client: object): void {
  const { oidc } = ctx;
  const sent = scopeAsSent(ctx);
  if (!sent) throw new errors.InvalidRequest("missing required parameter 'scope'");
  const record = clientRecord(client);
  const asked = sent.split(' ').filter((scope) => scope !== OFFLINE_ACCESS);
  const refused = asked.filter((scope) => !record.scopes.includes(scope));
  if (asked.length === 0) throw invalidScopes(`no scope beside ${OFFLINE_ACCESS}`);
  if (refused.length > 0)
    throw invalidScopes(`scopes not allowed to this client: ${printable(refused.join(' '))}`);
  if (oidc.params) oidc.params.scope = scopesAllowed(record, sent).join(' ');
}

/** The guide has the sentence. The log has which scopes it is about. */
export function invalidScopes(detail: string): errors.CustomOIDCProviderError {
  return new errors.CustomOIDCProviderError('invalid_scope', 'Invalid scopes', { detail });
}

/** A pushed scope counts, and no parameter beside its request_uri (RFC 9126). */
function scopeAsSent({ oidc, query }: KoaContextWithOIDC): string {
  const { PushedAuthorizationRequest: pushed } = oidc.entities;
  if (pushed) return String(decodeJwt(pushed.request).scope ?? '');
  return String((oidc.route === 'authorization' ? query : oidc.body)?.scope ?? '');
}
