import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { clientRecord } from './client-metadata.ts';

const { Check, base } = interactionPolicy;

/** When a person has to be asked something: the library's rules, and ours. */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  const login = policy.get('login');
  const consent = policy.get('consent');
  if (!login || !consent) throw new Error('The library has no login or consent prompt.');

  login.checks.add(
    new Check('scope_not_allowed', 'requested scope is unknown or not allowed', (ctx) => {
      refuseScopes(ctx);
      return Check.NO_NEED_TO_PROMPT;
    }),
  );
  login.checks.add(
    new Check(
      'account_gone',
      'the person of this session may not sign in any more',
      'login_required',
      ({ oidc }) =>
        oidc.session?.accountId && !oidc.account ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  );
  // Registration says who is asked for consent, for installed applications as for others.
  consent.checks.remove('native_client_prompt');
  return policy;
}

/**
 * The library ignores a scope it does not know; the guide's table says `invalid_scope`. `offline_access` is
 * accepted of everyone and changes nothing: whoever has the refresh grant gets a refresh token anyway.
 */
function refuseScopes({ oidc }: KoaContextWithOIDC): void {
  if (!oidc.client) return;
  const allowed = new Set([...clientRecord(oidc.client).scopes, 'offline_access']);
  if (![...oidc.requestParamScopes].every((scope) => allowed.has(scope)))
    throw new errors.CustomOIDCProviderError('invalid_scope', 'Invalid scopes');
}
