import type { ReasonText } from '../reason-text.ts';

/** The token endpoint gives these. */
export const TOKEN_REASONS = {
  'code.expired': {
    sentence: 'The authorization code was exchanged too late.',
    remedy: 'Exchange it as soon as it arrives, within 60 seconds. The person has to sign in again.',
  },
} as const satisfies Record<string, ReasonText>;
