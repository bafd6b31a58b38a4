import { OAuthError } from '../../clients/oauth-error.ts';
import { HttpError } from '../../platform/errors.ts';
import { IdTokenRefused } from '../../tokens/id-tokens/errors.ts';

/** Something that the server would refuse. */
export interface Finding {
  /** The error that the client would get. */
  error: string;
  /** Says what is wrong, and where it helps, how it is mended. */
  sentence: string;
}

/** The refusal that a function of an endpoint throws. @throws the error when it is none. */
export function findingOf(error: unknown): Finding {
  if (error instanceof OAuthError || error instanceof HttpError)
    return { error: error.code, sentence: error.message };
  if (error instanceof IdTokenRefused) return { error: 'invalid_token', sentence: error.message };
  throw error;
}
