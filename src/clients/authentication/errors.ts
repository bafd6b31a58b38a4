import type { Refusal } from '../../refusals/reasons.ts';
import { shown } from '../../refusals/shown.ts';
import { OAuthError } from '../oauth-error.ts';

/** The request contradicts itself, or cannot be read. */
export function invalidRequest(description: string, why: Refusal): OAuthError {
  return new OAuthError('invalid_request', description, { why });
}

/**
 * For what the sender knows anyhow and what helps nobody to guess, such as a claim of an assertion whose signature is
 * right.
 */
export function invalidClientBecause(detail: string, why: Refusal): OAuthError {
  return new OAuthError('invalid_client', `client authentication failed: ${detail}`, { detail, why });
}

/** The keys are at an address of the client's own, and only the operator learns what it answered. */
export function unavailableKeys(address: string | null, failure: string): OAuthError {
  return new OAuthError(
    'invalid_client',
    'client authentication failed: the keys at the jwks_uri of the client cannot be had',
    {
      detail: `the keys at its jwks_uri cannot be had: ${failure}`,
      why: { reason: 'client.jwks_uri_failed', came: { jwks_uri: shown(address), answer: shown(failure) } },
    },
  );
}

/** Nobody who guesses may learn the `detail`, so it goes only to the log. */
export function invalidClient(detail: string, why: Refusal): OAuthError {
  return new OAuthError('invalid_client', 'client authentication failed', { detail, why });
}
