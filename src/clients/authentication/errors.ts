import { OAuthError } from '../oauth-error.ts';

/** The request contradicts itself, or cannot be read. */
export function invalidRequest(description: string): OAuthError {
  return new OAuthError('invalid_request', description);
}

/** Nobody who guesses may learn the `detail`, so it goes only to the log. */
export function invalidClient(detail: string): OAuthError {
  return new OAuthError('invalid_client', 'client authentication failed', { detail });
}
