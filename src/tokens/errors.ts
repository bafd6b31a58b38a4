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
