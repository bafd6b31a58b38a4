import { claimsInScopes } from '../accounts/claims.ts';
import { scopesAllowed } from '../clients/allowed-now.ts';
import type { ClientCertificate } from '../clients/certificates/client-certificate.ts';
import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import { proofFault } from '../clients/security-profile.ts';
import type { AccessTokenStore } from '../grants/access-token-store.ts';
import { scopesOf } from '../grants/authorization.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { PresentedAccessToken } from './access-token.ts';
import { claimsForUserinfo } from './claims/requested-claims.ts';
import { invalidProof, TokenError } from './errors.ts';
import { holderOf } from './management/holder.ts';
import { useProof } from './proof-of-possession.ts';
import { isScopeList } from './scope-syntax.ts';

/** A request at userinfo with a token of this server. */
export interface UserinfoRequest {
  token: PresentedAccessToken;
  /** The client that got the token; undefined if it was disabled or removed. */
  client: Client | undefined;
  /** The scopes whose claims the client wants, separated by spaces; undefined for all scopes of the token. */
  scope: string | undefined;
  /** Verified for this token, but perhaps used before. */
  proof: DpopProof | undefined;
  /** The certificate with which the request came. */
  certificate: ClientCertificate | undefined;
}

export interface UserinfoDependencies {
  accessTokens: AccessTokenStore;
  usedProofs: UsedProofStore;
  clock: Clock;
}

/**
 * Returns the claims that the access token's person allowed its client to have (OpenID Connect Core section 5.3). One
 * statement reads whether the token was revoked, its grant and its person.
 * @throws TokenError `invalid_token`, `insufficient_scope` or `invalid_request`.
 */
export async function userinfo(
  { token, client, scope, proof, certificate }: UserinfoRequest,
  d: UserinfoDependencies,
): Promise<Record<string, unknown>> {
  const { claims, expired } = token;
  if (expired) throw invalidToken('Access token expired');
  const { revoked, grant } = await d.accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
  if (revoked) throw invalidToken('Access token was revoked');
  const scopes = client ? scopesAllowed(client, claims.scope) : claims.scope.split(' ');
  if (!scopes.includes('openid')) throw insufficientScope('access token missing openid scope', ['openid']);
  const fault = client && proof && proofFault(client, proof, d.clock.now());
  if (fault !== undefined) throw invalidProof(fault);
  await checkPossession(token, { proof, certificate }, d);
  const wanted = scope?.split(' ') ?? scopes;
  refuseMoreScopes(scope, wanted, scopes);
  const holder = holderOf(claims, { client, grant }, d.clock);
  if (typeof holder === 'string') throw invalidToken(holder);
  const granted = scopesOf(holder.grant.payload, holder.client).filter((name) => wanted.includes(name));
  const named = scope === undefined ? claimsForUserinfo(holder) : undefined;
  return { sub: holder.person.id, ...claimsInScopes(holder.person, granted), ...named };
}

/** RFC 9449 section 7, RFC 8705 section 3. */
async function checkPossession(
  { claims: { client_id: id, cnf } }: PresentedAccessToken,
  { proof, certificate }: Pick<UserinfoRequest, 'proof' | 'certificate'>,
  d: UserinfoDependencies,
): Promise<void> {
  if (proof && !(await useProof({ clientId: id, proof }, d)))
    throw invalidProof('The DPoP proof was used before');
  if (proof && !cnf?.jkt)
    throw invalidToken('The access token is bound to no key, and a DPoP proof was sent');
  if (cnf?.jkt !== proof?.jkt)
    throw invalidToken(
      `The access token is bound to ${proof ? 'another key' : 'a key: send a DPoP proof of it'}`,
    );
  if (cnf?.['x5t#S256'] !== undefined && cnf['x5t#S256'] !== certificate?.thumbprint)
    throw invalidToken(
      `The access token is bound to ${certificate ? 'another certificate' : 'a certificate: connect with it'}`,
    );
}

function refuseMoreScopes(
  asked: string | undefined,
  wanted: readonly string[],
  scopes: readonly string[],
): void {
  if (asked !== undefined && !isScopeList(asked))
    throw new TokenError('invalid_request', 'scope contains invalid characters');
  const missing = wanted.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw insufficientScope('access token missing requested scope', missing);
}

/** RFC 6750 section 3.1. */
function invalidToken(description: string): TokenError {
  return new TokenError('invalid_token', description);
}

function insufficientScope(description: string, missing: readonly string[]): TokenError {
  return new TokenError('insufficient_scope', description, { members: { scope: missing.join(' ') } });
}
