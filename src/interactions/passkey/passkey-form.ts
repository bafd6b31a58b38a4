import type { Person } from '../../accounts/person.ts';
import type { ChallengeBinding } from '../../authentication/passkey/challenge.ts';
import { policyOf } from '../../instances/sign-in-policy.ts';
import { epochSeconds } from '../../platform/time/clock.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import type { InteractionContext } from '../interaction.ts';

/** A form that tells its script what to ask the browser for (views/assets/passkey.js). */
export interface PasskeyForm {
  action: string;
  asks: 'get' | 'create';
  options: string;
  button: string;
}

/** As long as a sign-in may wait for its second factor. */
const SECOND_FACTOR_SECONDS = 10 * 60;

/** Whether a passkey is taken in this sign-in. */
export function takesPasskeys(
  { instance, client }: InteractionContext,
  { passkeys }: Pick<InteractionDependencies, 'passkeys'>,
): boolean {
  return passkeys.usable && policyOf(instance, client).passkeys !== 'off';
}

/** A form for a passkey instead of a password: for any that this browser has. */
export function signInForm(
  { interaction }: InteractionContext,
  { passkeys }: Pick<InteractionDependencies, 'passkeys'>,
): PasskeyForm {
  const options = passkeys.authenticator.options(signInBinding(interaction), { expiresAt: interaction.exp });
  return {
    action: `/interaction/${interaction.uid}/passkey`,
    asks: 'get',
    options: JSON.stringify(options),
    button: 'Use a passkey',
  };
}

/** A form for a passkey as a second factor: for those of the person who has begun to sign in. */
export async function secondFactorForm(
  { interaction }: InteractionContext,
  personId: string,
  { passkeys, clock }: Pick<InteractionDependencies, 'passkeys' | 'clock'>,
): Promise<PasskeyForm> {
  const options = passkeys.authenticator.options(secondFactorBinding(interaction, personId), {
    expiresAt: epochSeconds(clock) + SECOND_FACTOR_SECONDS,
    passkeys: await passkeys.store.list(personId),
  });
  return {
    action: `/interaction/${interaction.uid}/second-factor/passkey`,
    asks: 'get',
    options: JSON.stringify(options),
    button: 'Use your passkey',
  };
}

export function secondFactorBinding(
  { uid }: InteractionContext['interaction'],
  personId: string,
): ChallengeBinding {
  return { purpose: 'second_factor', uid, personId };
}

/** A form for a new passkey, during a sign-in that requires one. */
export async function newPasskeyForm(
  { interaction, instance }: InteractionContext,
  person: Person,
  { passkeys }: Pick<InteractionDependencies, 'passkeys'>,
): Promise<PasskeyForm> {
  const { uid } = interaction;
  const options = await passkeys.registrar.options({ person, instanceName: instance.name, uid });
  return {
    action: `/interaction/${uid}/set-up-factor/passkey`,
    asks: 'create',
    options: JSON.stringify(options),
    button: 'Add a passkey',
  };
}

export function signInBinding({ uid }: InteractionContext['interaction']): ChallengeBinding {
  return { purpose: 'sign_in', uid };
}
