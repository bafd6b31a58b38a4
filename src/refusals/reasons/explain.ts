import type { ReasonText } from '../reason-text.ts';

/** The endpoints that explain refusals give these themselves. */
export const EXPLAIN_REASONS = {
  'explain.client_without_secret': {
    sentence: 'The client has nothing with which it could prove that the refusal is its own.',
    remedy:
      'Ask the operator, who reads it with `listo explain` and the request id. A server in development explains refusals on its error pages.',
  },
} as const satisfies Record<string, ReasonText>;
