import type { Factors } from '../../accounts/factor-store.ts';
import { amrOf, type Proof } from '../../authentication/proof.ts';
import { type NewFactor, nextStep, type SecondFactor, type Wanted } from '../../authentication/steps.ts';
import type { Instance } from '../../instances/instance.ts';
import type { Policy } from '../../instances/sign-in-policy.ts';
import type { Finding } from './finding.ts';
import type { FirstFactors } from './preview-store.ts';

/** How a person would sign in: what their tokens say about it. */
export interface PreviewedSignIn {
  /** Undefined where only the person's own provider knows. */
  amr: string[] | undefined;
  /** In epoch seconds; undefined where only the person's own provider knows. */
  authTime: number | undefined;
  notes: string[];
  refused: Finding | undefined;
}

interface Situation {
  instance: Pick<Instance, 'id' | 'authentication'>;
  policy: Policy;
  first: FirstFactors;
  factors: Factors;
  wanted: Wanted;
  /** The methods of the sign-in, as the provider of the instance names them. */
  upstreamAmr: string[] | undefined;
  /** In epoch seconds. */
  now: number;
}

/** Longer than any sign-in: each step proves something new. */
const MOST_STEPS = 5;

/** Follows the rules of a sign-in (`authentication/steps.ts`) as a person would who does what they are asked to. */
export function previewSignIn(situation: Situation): PreviewedSignIn {
  const { policy, factors, wanted, upstreamAmr, first, now } = situation;
  const notes: string[] = [];
  const refused = (sentence: string): PreviewedSignIn => ({
    ...{ amr: undefined, authTime: undefined, notes },
    refused: { error: 'access_denied', sentence },
  });
  const method = firstMethod(situation);
  if (typeof method !== 'string') return refused(method.sentence);
  const amr = method === 'upstream' && first.passAmr ? upstreamAmr : undefined;
  const proven: Proof[] = [{ method, at: method === 'upstream' ? 0 : now, ...(amr ? { amr } : {}) }];
  if (method === 'upstream') notes.push(first.passAmr ? PROVIDER_SAYS : PROVIDER_SAYS_TIME);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const due = nextStep({ proven, factors, policy, wanted });
    if (due.step === 'done')
      return {
        amr: amrOf(proven),
        authTime: method === 'upstream' ? undefined : now,
        notes,
        refused: undefined,
      };
    if (due.step === 'second_factor') {
      const [by = 'otp'] = due.by;
      notes.push(`The person is asked for a second factor: ${due.by.map((one) => WAYS[one]).join(', or ')}.`);
      proven.push({ method: by, at: now });
    } else if (due.step === 'set_up_factor') {
      const [kind = 'totp'] = due.kinds;
      notes.push(
        `The person has to set up a second factor first: ${due.kinds.map((one) => KINDS[one]).join(', or ')}.`,
      );
      proven.push({ method: kind === 'totp' ? 'otp' : 'passkey', at: now });
    } else break;
  }
  return refused(
    'The application asks for two factors (acr), and the policies of its instance and its registration let the person set up none.',
  );
}

const PROVIDER_SAYS =
  'amr, acr and auth_time are what the provider of the instance says; --amr WORDS says it for the preview.';
const PROVIDER_SAYS_TIME =
  'auth_time is there if the provider of the instance says it. Its amr is not passed on (upstream_providers.pass_amr).';

const WAYS: Record<SecondFactor, string> = {
  otp: 'a code of the authenticator app',
  passkey: 'a passkey',
  recovery: 'a recovery code',
};

const KINDS: Record<NewFactor, string> = { totp: 'an authenticator app', passkey: 'a passkey' };

/** The way in which a person says who they are. */
function firstMethod({
  instance,
  policy,
  first,
  factors,
}: Situation): Proof['method'] | { sentence: string } {
  if (instance.authentication === 'oidc')
    return first.upstream
      ? 'upstream'
      : {
          sentence: `The instance ${instance.id} signs people in by its own provider, which has never signed in this person. A first sign-in there makes or finds a person by the sub of the provider.`,
        };
  if (first.password) return 'pwd';
  if (factors.passkeys > 0 && policy.passkeys !== 'off') return 'passkey';
  return {
    sentence:
      'The person has no password yet, and no passkey that may be used. npx listo person invite PERSON sends them a link to choose a password.',
  };
}
