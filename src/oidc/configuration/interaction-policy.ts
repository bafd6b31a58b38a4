import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { mayAnswerSilently } from '../../clients/allowed-now.ts';
import { ACR, acrOf } from '../../tokens/claims/sign-in-claims.ts';
import type { RequestedClaims } from '../checks/requested-claims.ts';
import { requestContext } from '../request-context.ts';
import { clientRecord } from '../storage/client-metadata.ts';
import { type FactorRules, factorChecks } from './factor-checks.ts';

const { Check, Prompt, base } = interactionPolicy;

/** Why a person is asked to sign in who wants to be somebody else: the reason of a `login` prompt. */
export const ANOTHER_PERSON = 'another_person';

/** When a person has to be prompted: the library's rules and ours. */
export function createInteractionPolicy(rules: FactorRules): interactionPolicy.DefaultPolicy {
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
  login.checks.add(
    new Check(
      ANOTHER_PERSON,
      'the person at the browser wants to sign in as somebody else',
      'login_required',
      ({ oidc }) =>
        requestContext().asAnotherPerson && !oidc.result?.login
          ? Check.REQUEST_PROMPT
          : Check.NO_NEED_TO_PROMPT,
    ),
  );
  // The library compares the acr of its session, which ours has not.
  login.checks.remove('essential_acrs');
  login.checks.remove('essential_acr');
  login.checks.add(essentialAcr());
  for (const check of factorChecks(rules)) login.checks.add(check);
  policy.add(selectAccount(), 0);
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
  noteDue(policy);
  return policy;
}

/** Notes which checks want the person. The library says it in a description alone (reasons/person-needed.ts). */
function noteDue(policy: interactionPolicy.DefaultPolicy): void {
  for (const check of policy.flatMap(({ checks }) => [...checks])) {
    const asked = check.check;
    check.check = async (ctx) => {
      const isDue = await asked(ctx);
      const context = requestContext();
      if (isDue) context.due = [...(context.due ?? []), check.reason];
      return isDue;
    };
  }
}

/**
 * `select_account`, before the other prompts: whoever goes on as the person who is signed in may have to prove that next.
 * Somebody who signs in has chosen, so nobody is asked who is not signed in, or has just signed in. Nor is a person whom
 * the application does not want (`id_token_hint`): they could not go on, and the library reads the hint only here.
 */
function selectAccount(): interactionPolicy.Prompt {
  const name = 'select_account';
  const prompt = new Prompt({ name, requestable: true });
  prompt.checks.clear();
  prompt.checks.add(
    new Check(
      'select_account_prompt',
      'the application wants the person to choose an account',
      'account_selection_required',
      ({ oidc }) => {
        const { account, entities, result } = oidc;
        if (!account || result?.login || !oidc.promptPending(name)) return Check.NO_NEED_TO_PROMPT;
        const { sub = wantedSubject(oidc) ?? account.accountId } = entities.IdTokenHint?.payload ?? {};
        return sub === account.accountId ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
      },
    ),
  );
  return prompt;
}

type OidcContext = KoaContextWithOIDC['oidc'];

function idTokenClaims({ claims }: OidcContext): NonNullable<RequestedClaims['id_token']> {
  return (claims as RequestedClaims | undefined)?.id_token ?? {};
}

function wantedSubject(oidc: OidcContext): string | undefined {
  return idTokenClaims(oidc).sub?.value;
}

/**
 * OpenID Connect Core section 5.5.1.1: an essential `acr` is met or the request fails. Somebody who is signed in is asked
 * once more, since another way of signing in may meet it.
 */
function essentialAcr(): interactionPolicy.Check {
  return new Check(
    'essential_acr',
    'the acr that the application needs was not reached',
    'unmet_authentication_requirements',
    ({ oidc }) => {
      const { acr } = idTokenClaims(oidc);
      if (!acr?.essential) return Check.NO_NEED_TO_PROMPT;
      const wanted = acr.values ?? (acr.value === undefined ? KNOWN_ACR : [acr.value]);
      if (oidc.amr && wanted.includes(acrOf(oidc.amr))) return Check.NO_NEED_TO_PROMPT;
      const mayStillBe = !oidc.result?.login && wanted.some((value) => KNOWN_ACR.includes(value));
      if (mayStillBe) return Check.REQUEST_PROMPT;
      throw new errors.UnmetAuthenticationRequirements('the acr that the application needs was not reached');
    },
  );
}

const KNOWN_ACR: readonly string[] = Object.values(ACR);
