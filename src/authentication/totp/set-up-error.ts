import type { TotpConfirmation } from './totp-set-up.ts';

/** Why an app was not added, for the form that is shown again. */
export function setUpError(result: Exclude<TotpConfirmation, { outcome: 'added' }>): string {
  switch (result.outcome) {
    case 'out_of_date':
      return 'The page was open for too long. Here is a new picture: please scan it.';
    case 'not_added':
      return 'Your account has an authenticator app already.';
    case 'wrong_code': {
      const { secondsBehind } = result;
      if (secondsBehind === undefined)
        return 'That code is wrong. Enter the one that your app shows now for this account.';
      const way = secondsBehind > 0 ? 'slow' : 'fast';
      return `The clock of your device is about ${minutes(Math.abs(secondsBehind))} ${way}, so its codes do not work. Let it set the time by itself, and enter a new code.`;
    }
  }
}

export function minutes(seconds: number): string {
  const number = Math.max(1, Math.round(seconds / 60));
  return number === 1 ? 'a minute' : `${number} minutes`;
}
