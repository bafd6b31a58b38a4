import type { ChallengeBinding } from '../../authentication/passkey/challenge.ts';
import { policyOf } from '../../instances/sign-in-policy.ts';
import type { InteractionDependencies } from '../dependencies.ts';
import type { InteractionContext } from '../interaction.ts';

/** A form that tells its script what to ask the browser for (views/assets/passkey.js). */
export interface PasskeyForm {
  action: string;
  asks: 'get' | 'create';
  options: string;
  button: string;
}

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

export function signInBinding({ uid }: InteractionContext['interaction']): ChallengeBinding {
  return { purpose: 'sign_in', uid };
}
