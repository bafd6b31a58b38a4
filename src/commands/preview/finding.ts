import { OAuthError } from '../../clients/oauth-error.ts';
import { HttpError } from '../../platform/errors.ts';
import type { ReasonText } from '../../refusals/reason-text.ts';
import { REASONS, type Reason } from '../../refusals/reasons.ts';
import { IdTokenRefused } from '../../tokens/id-tokens/errors.ts';

/** Something that the server would refuse. */
export interface Finding {
  /** The error that the client would get. */
  error: string;
  /** The name of the reason, where the record of refusals has one. */
  reason?: Reason;
  sentence: string;
  remedy?: string;
}

/** A finding with the remedy of its reason. */
export function finding(error: string, sentence: string, reason: Reason): Finding {
  const { remedy }: ReasonText = REASONS[reason];
  return { error, reason, sentence, remedy };
}

/** The refusal that a function of an endpoint throws. @throws the error when it is none. */
export function findingOf(error: unknown): Finding {
  if (error instanceof OAuthError || error instanceof HttpError)
    return withReason(error.code, error.message, error.why?.reason);
  if (error instanceof IdTokenRefused) return withReason('invalid_token', error.message, error.why.reason);
  throw error;
}

export function withReason(error: string, sentence: string, reason: string | undefined): Finding {
  return isReason(reason) ? finding(error, sentence, reason) : { error, sentence };
}

function isReason(name: string | undefined): name is Reason {
  return name !== undefined && Object.hasOwn(REASONS, name);
}
