import type { Why } from '../platform/errors.ts';
import type { ReasonText } from './reason-text.ts';
import { TOKEN_REASONS } from './reasons/token.ts';

/** Every reason for which a request is refused, named once. A refusal carries the name, so nobody compares sentences. */
export const REASONS = { ...TOKEN_REASONS } as const satisfies Record<string, ReasonText>;

export type Reason = keyof typeof REASONS;

/** Why a request was refused. */
export interface Refusal extends Why {
  reason: Reason;
}
