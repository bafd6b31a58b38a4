import { ACTIONS, type SignedIn } from '../demo-session.ts';

/** The steps of the demo, in order. Signing in takes the first three; the others have a button. */
export const STEPS = [
  { id: 'authorization', title: 'Send the browser to sign in', button: '' },
  { id: 'code-exchange', title: 'Exchange the code for tokens', button: '' },
  { id: 'id-token', title: 'Verify the ID token', button: '' },
  { id: 'userinfo', title: 'Ask userinfo', button: 'Call userinfo' },
  { id: 'refresh', title: 'Refresh the tokens', button: 'Refresh' },
  { id: 'listnr-token', title: 'Get a LiSTNR token', button: 'Get a token' },
  { id: 'listnr-verification', title: 'Verify the LiSTNR token', button: 'Verify it' },
  { id: 'sign-out', title: 'Sign out', button: 'Sign out' },
] as const;

export type StepId = (typeof STEPS)[number]['id'];

export interface StepProgress {
  id: StepId;
  title: string;
  button: string;
  state: 'done' | 'failed' | 'next' | 'todo';
}

/**
 * A visitor's progress. Signing in takes the first three steps. The next step is the first whose button was not
 * pressed.
 */
export function progressOf({ outcomes }: Pick<SignedIn, 'outcomes'>): StepProgress[] {
  const next = ACTIONS.find((id) => !outcomes[id]) ?? 'sign-out';
  return STEPS.map((step) => {
    const action = ACTIONS.find((id) => id === step.id);
    const outcome = action && outcomes[action];
    if (outcome) return { ...step, state: outcome.failure ? 'failed' : 'done' };
    if (step.id === next) return { ...step, state: 'next' };
    return { ...step, state: step.button ? 'todo' : 'done' };
  });
}
