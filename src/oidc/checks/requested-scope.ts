import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { OFFLINE_ACCESS, scopesAllowed } from '../../clients/allowed-now.ts';
import { printable } from '../../platform/log/printable.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import { lacking } from '../reasons/invalid-request.ts';
import { because } from '../reasons/refused-because.ts';
import { sentParameters } from '../reasons/refused-request.ts';
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
  const parameters = sentParameters(ctx);
  const sent = String(parameters.scope ?? '');
  if (!sent)
    throw because(
      new errors.InvalidRequest("missing required parameter 'scope'"),
      lacking(parameters, ['scope']),
    );
  const record = clientRecord(client);
  const asked = sent.split(' ').filter((scope) => scope !== OFFLINE_ACCESS);
  const refused = asked.filter((scope) => !record.scopes.includes(scope));
  if (asked.length === 0)
    throw invalidScopes(`no scope beside ${OFFLINE_ACCESS}`, {
      reason: 'scope.nothing_asked',
      came: { scope: OFFLINE_ACCESS },
      expected: { scope: registered(record.scopes) },
    });
  if (refused.length > 0)
    throw invalidScopes(`scopes not allowed to this client: ${printable(refused.join(' '))}`, {
      reason: 'scope.not_allowed',
      came: { scope: shown(refused) },
      expected: { scope: registered(record.scopes) },
    });
  if (oidc.params) oidc.params.scope = scopesAllowed(record, sent).join(' ');
}

/** The guide has the sentence. The log has which scopes it is about. */
export function invalidScopes(detail: string, why: Refusal): errors.CustomOIDCProviderError {
  return because(new errors.CustomOIDCProviderError('invalid_scope', 'Invalid scopes', { detail }), why);
}
