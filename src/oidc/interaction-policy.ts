import { interactionPolicy } from 'oidc-provider';

const { Check, base } = interactionPolicy;

/** When a person has to be prompted: the library's rules and ours. */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  const login = policy.get('login');
  const consent = policy.get('consent');
  if (!login || !consent) throw new Error('The library has no login or consent prompt.');

  login.checks.add(
    new Check(
      'account_gone',
      'the person of this session may not sign in any more',
      'login_required',
      ({ oidc }) =>
        oidc.session?.accountId && !oidc.account ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  );
  // The registration decides who is asked for consent, for installed applications as for others.
  consent.checks.remove('native_client_prompt');
  return policy;
}
