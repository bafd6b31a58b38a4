import { OAuthError } from '../oauth-error.ts';

/** The request contradicts itself, or cannot be read. */
export function invalidRequest(description: string): OAuthError {
  return new OAuthError('invalid_request', description);
}

/**
 * For what the sender knows anyhow and what helps nobody to guess, such as a claim of an assertion whose signature is
 * right.
 */
export function invalidClientBecause(why: string): OAuthError {
  return new OAuthError('invalid_client', `client authentication failed: ${why}`, { detail: why });
}

/** The keys are at an address of the client's own, and only the log says what it answered. */
export function unavailableKeys(why: string): OAuthError {
  return new OAuthError(
    'invalid_client',
    'client authentication failed: the keys at the jwks_uri of the client cannot be had',
    { detail: `the keys at its jwks_uri cannot be had: ${why}` },
  );
}

/** Nobody who guesses may learn the `detail`, so it goes only to the log. */
export function invalidClient(detail: string): OAuthError {
  return new OAuthError('invalid_client', 'client authentication failed', { detail });
}
