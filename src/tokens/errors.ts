import { OAuthError } from '../clients/oauth-error.ts';

/** A refusal of an authenticated client's request, or of a token. */
export class TokenError extends OAuthError {
  constructor(code: string, description: string, members: Record<string, string> = {}) {
    super(code, description, { members });
    this.name = 'TokenError';
  }
}

/** The code or refresh token is invalid, or belongs to another client or key. */
export function invalidGrant(description: string): TokenError {
  return new TokenError('invalid_grant', description);
}

/**
 * The DPoP proof is missing, or was used before (RFC 9449 sections 5 and 7.1). The code or token is not to blame: a
 * client that read `invalid_grant` would throw away its refresh token.
 */
export function invalidProof(description: string): TokenError {
  return new TokenError('invalid_dpop_proof', description);
}
