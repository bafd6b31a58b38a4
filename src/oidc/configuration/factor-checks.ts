import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { FactorStore } from '../../accounts/factor-store.ts';
import { withAge } from '../../authentication/fresh-proof.ts';
import { isEnough, nextStep, type Step } from '../../authentication/steps.ts';
import type { Client } from '../../clients/client.ts';
import type { Policy } from '../../instances/sign-in-policy.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { wantedFactors } from '../checks/requested-acr.ts';
import { proofsOf, type SignedInSession } from '../session.ts';
import { clientRecord } from '../storage/client-metadata.ts';

const { Check } = interactionPolicy;

export interface FactorRules {
  policyFor(client: Client): Promise<Policy>;
  factors: FactorStore;
  clock: Clock;
}

/**
 * Somebody who is signed in is asked for what this application's policy or request needs beyond the session
 * (`authentication/steps.ts`). With `prompt=none`, the application learns whether a factor has to be proven
 * (`login_required`) or set up (`interaction_required`).
 */
export function factorChecks(rules: FactorRules): interactionPolicy.Check[] {
  const steps = new WeakMap<object, Promise<Step>>();
  const dueIn = (oidc: KoaContextWithOIDC['oidc']) => {
    const known = steps.get(oidc) ?? stepDue(oidc, rules);
    steps.set(oidc, known);
    return known;
  };
  const check = (reason: string, description: string, error: string, due: readonly Step['step'][]) =>
    new Check(reason, description, error, async ({ oidc }) => due.includes((await dueIn(oidc)).step));
  return [
    check('factor_unproven', 'the person has to prove another factor', 'login_required', [
      'identify',
      'second_factor',
    ]),
    check('factor_missing', 'the person has to set up another factor', 'interaction_required', [
      'set_up_factor',
    ]),
  ];
}

async function stepDue(
  { session, account, client, params, prompts, result }: KoaContextWithOIDC['oidc'],
  { policyFor, factors, clock }: FactorRules,
): Promise<Step> {
  // Other checks ask those who are not signed in.
  if (!session || !account || !client) return { step: 'done' };
  const asked = wantedFactors(params ?? {});
  // A voluntary acr is no reason to refuse, nor to ask twice.
  const isOver = result?.login !== undefined || (asked === 'preferred' && prompts.has('none'));
  const wanted = asked !== 'required' && isOver ? 'any' : asked;
  const policy = await policyFor(clientRecord(client));
  const { factorsAsked = [] } = session as SignedInSession;
  const given = proofsOf(session as SignedInSession);
  // Whether a proof is too old to set something up is said on the pages.
  const proven = wanted === 'strongest' ? withAge(given, epochSeconds(clock)) : given;
  if (isEnough({ proven, asked: factorsAsked, policy, wanted })) return { step: 'done' };
  return nextStep({ proven, factors: await factors.of(account.accountId), policy, wanted });
}
