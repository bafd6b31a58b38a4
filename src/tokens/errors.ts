/** A token request that is refused (RFC 6749 section 5.2). The message is the `error_description`. */
export class TokenError extends Error {
  /** The `error` of the answer. */
  readonly code: string;
  /** Further members of the answer. */
  readonly members: Readonly<Record<string, string>>;

  constructor(code: string, description: string, members: Record<string, string> = {}) {
    super(description);
    this.name = 'TokenError';
    this.code = code;
    this.members = members;
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
