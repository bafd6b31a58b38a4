import { isReason, type Reason, type Refusal } from '../../refusals/reasons.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import { ACR } from '../../tokens/claims/sign-in-claims.ts';
import { requestedClaims } from '../checks/requested-claims.ts';
import type { RefusedRequest } from './refused-request.ts';

/** By the check that wanted the person (configuration/interaction-policy.ts); the first of them counts. */
const BY_CHECK: Readonly<Record<string, Reason>> = {
  account_gone: 'session.person_disabled',
  no_session: 'session.none',
  max_age: 'session.too_old',
  id_token_hint: 'session.of_another_person',
  claims_id_token_sub_value: 'session.of_another_person',
  essential_acr: 'acr.unproven',
  factor_unproven: 'session.factor_unproven',
  factor_missing: 'session.factor_missing',
  client_unproven: 'session.consent_needed_each_time',
  op_scopes_missing: 'session.consent_needed',
  op_claims_missing: 'session.consent_needed',
};

/** Why a request without a page needs one, or why one with a page did not get its person. */
export function whyPersonNeeded({ sent, due, ended }: RefusedRequest): Refusal {
  if (isReason(ended)) return { reason: ended };
  const check = Object.keys(BY_CHECK).find((name) => due.includes(name));
  const reason = (check === undefined ? undefined : BY_CHECK[check]) ?? 'session.person_needed';
  switch (reason) {
    case 'session.too_old':
      return { reason, came: { prompt: 'none', max_age: shown(sent.max_age) } };
    case 'acr.unproven':
      return { reason, ...wantedAcr(sent) };
    default:
      return { reason, came: { prompt: 'none' } };
  }
}

/** An essential acr that the person did not reach (OpenID Connect Core section 5.5.1.1). */
export function whyAcrNotReached({ sent }: RefusedRequest): Refusal {
  return { reason: 'acr.not_reached', ...wantedAcr(sent) };
}

function wantedAcr({ claims }: RefusedRequest['sent']): Pick<Refusal, 'came' | 'expected'> {
  // In a request object that was pushed, the claims are no text but an object.
  const asked = typeof claims === 'object' && claims !== null ? claims : requestedClaims({ claims });
  const { acr } = (asked as ReturnType<typeof requestedClaims>).id_token ?? {};
  const wanted = acr?.values ?? (acr?.value === undefined ? undefined : [acr.value]);
  return {
    ...(wanted ? { came: { acr: shown(wanted) } } : {}),
    expected: { acr: registered(Object.values(ACR)) },
  };
}

/** A person said no, or their company's service did, or nothing is left of what they allowed. */
export function whyDenied({ ended, hasEnded }: RefusedRequest): Refusal {
  if (isReason(ended)) return { reason: ended };
  return { reason: hasEnded ? 'person.refused' : 'consent.nothing_left' };
}
