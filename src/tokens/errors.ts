import { OAuthError } from '../clients/oauth-error.ts';
import { printable } from '../platform/log/printable.ts';
import type { Refusal } from '../refusals/reasons.ts';

/** A refusal of an authenticated client's request, or of a token. */
export class TokenError extends OAuthError {
  /** The log also says what `came`. */
  constructor(
    code: string,
    description: string,
    {
      why,
      members = {},
      came = members.scope,
    }: { why: Refusal; members?: Record<string, string>; came?: string | undefined },
  ) {
    const detail = came === undefined ? description : `${description}: ${printable(came)}`;
    super(code, description, { members, detail, why });
    this.name = 'TokenError';
  }
}

/** The code or refresh token is invalid, or belongs to another client or key. The log also says what `came`. */
export function invalidGrant(description: string, why: Refusal, came?: string): TokenError {
  return new TokenError('invalid_grant', description, { why, came });
}

/**
 * The DPoP proof is missing, or was used before (RFC 9449 sections 5 and 7.1). The code or token is not to blame: a
 * client that read `invalid_grant` would throw away its refresh token.
 */
export function invalidProof(description: string, why: Refusal): TokenError {
  return new TokenError('invalid_dpop_proof', description, { why });
}
