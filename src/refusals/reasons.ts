import type { Why } from '../platform/errors.ts';
import type { ReasonText } from './reason-text.ts';
import { ACCESS_TOKEN_REASONS } from './reasons/access-token.ts';
import { ASSERTION_REASONS } from './reasons/assertion.ts';
import { CLIENT_REASONS } from './reasons/client.ts';
import { PROOF_REASONS } from './reasons/proof.ts';
import { REQUEST_REASONS } from './reasons/request.ts';
import { TOKEN_REASONS } from './reasons/token.ts';

/** Every reason for which a request is refused, named once. A refusal carries the name, so nobody compares sentences. */
export const REASONS = {
  ...ACCESS_TOKEN_REASONS,
  ...ASSERTION_REASONS,
  ...CLIENT_REASONS,
  ...PROOF_REASONS,
  ...REQUEST_REASONS,
  ...TOKEN_REASONS,
} as const satisfies Record<string, ReasonText>;

export type Reason = keyof typeof REASONS;

/** Why a request was refused. */
export interface Refusal extends Why {
  reason: Reason;
}
