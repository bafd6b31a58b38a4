import { interactionPolicy } from 'oidc-provider';
import { mayAnswerSilently } from '../clients/allowed-now.ts';
import { clientRecord } from './storage/client-metadata.ts';

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
  // The library asks for every installed application, whatever its address. The registration decides here.
  consent.checks.remove('native_client_prompt');
  consent.checks.add(
    new Check(
      'client_unproven',
      'an application that others could imitate is answered only after its person decided',
      'interaction_required',
      ({ oidc: { client, params, result } }) => {
        const uri = params?.redirect_uri;
        if (!client || typeof uri !== 'string' || result?.consent) return Check.NO_NEED_TO_PROMPT;
        return mayAnswerSilently(clientRecord(client), uri) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
      },
    ),
  );
  return policy;
}
