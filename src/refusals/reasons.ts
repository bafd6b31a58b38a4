import type { Why } from '../platform/errors.ts';
import type { ReasonText } from './reason-text.ts';
import { ACCESS_TOKEN_REASONS } from './reasons/access-token.ts';
import { ASSERTION_REASONS } from './reasons/assertion.ts';
import { AUTHORIZE_REASONS } from './reasons/authorize.ts';
import { CLIENT_REASONS } from './reasons/client.ts';
import { DEVICE_REASONS } from './reasons/device.ts';
import { EXPLAIN_REASONS } from './reasons/explain.ts';
import { ID_TOKEN_REASONS } from './reasons/id-token.ts';
import { LISTNR_REASONS } from './reasons/listnr.ts';
import { LOGOUT_REASONS } from './reasons/logout.ts';
import { PERSON_REASONS } from './reasons/person.ts';
import { PROOF_REASONS } from './reasons/proof.ts';
import { REQUEST_REASONS } from './reasons/request.ts';
import { REQUEST_OBJECT_REASONS } from './reasons/request-object.ts';
import { TOKEN_REASONS } from './reasons/token.ts';
import { UPSTREAM_REASONS } from './reasons/upstream.ts';

/** Every reason for which a request is refused, named once. A refusal carries the name, so nobody compares sentences. */
export const REASONS = {
  ...ACCESS_TOKEN_REASONS,
  ...ASSERTION_REASONS,
  ...AUTHORIZE_REASONS,
  ...CLIENT_REASONS,
  ...DEVICE_REASONS,
  ...EXPLAIN_REASONS,
  ...ID_TOKEN_REASONS,
  ...LISTNR_REASONS,
  ...LOGOUT_REASONS,
  ...PERSON_REASONS,
  ...PROOF_REASONS,
  ...REQUEST_REASONS,
  ...REQUEST_OBJECT_REASONS,
  ...TOKEN_REASONS,
  ...UPSTREAM_REASONS,
} as const satisfies Record<string, ReasonText>;

export type Reason = keyof typeof REASONS;

/** Why a request was refused. */
export interface Refusal extends Why {
  reason: Reason;
}

/** Whether this release knows a reason by that name. */
export function isReason(name: unknown): name is Reason {
  return typeof name === 'string' && Object.hasOwn(REASONS, name);
}
