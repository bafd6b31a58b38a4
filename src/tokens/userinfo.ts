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
import { shown } from '../refusals/shown.ts';
import type { PresentedAccessToken } from './access-token.ts';
import { claimsForUserinfo } from './claims/requested-claims.ts';
import { invalidProof, TokenError } from './errors.ts';
import { expiredToken, holderOf, REVOKED_TOKEN, type Worthless } from './management/holder.ts';
import { notProven, otherKey, usedBefore, useProof } from './proof-of-possession.ts';
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
  certificate: Pick<ClientCertificate, 'thumbprint'> | undefined;
}

export interface UserinfoDependencies {
  accessTokens: Pick<AccessTokenStore, 'find'>;
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
  if (expired) throw invalidToken(expiredToken(claims, d.clock));
  const { revoked, grant } = await d.accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
  if (revoked) throw invalidToken(REVOKED_TOKEN);
  const scopes = client ? scopesAllowed(client, claims.scope) : claims.scope.split(' ');
  if (!scopes.includes('openid'))
    throw insufficientScope('access token missing openid scope', ['openid'], scopes);
  const fault = client && proof && proofFault(client, proof, d.clock.now());
  if (fault) throw invalidProof(fault.message, fault.why);
  await checkPossession(token, { proof, certificate }, d);
  const wanted = scope?.split(' ') ?? scopes;
  refuseMoreScopes(scope, wanted, scopes);
  const holder = holderOf(claims, { client, grant }, d.clock);
  if ('why' in holder) throw invalidToken(holder);
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
  if (proof && !(await useProof({ clientId: id, proof }, d))) throw usedBefore(proof);
  if (proof && !cnf?.jkt)
    throw invalidToken({
      detail: 'The access token is bound to no key, and a DPoP proof was sent',
      why: { reason: 'key.not_bound', came: { jkt: proof.jkt } },
    });
  if (cnf?.jkt !== undefined && cnf.jkt !== proof?.jkt)
    throw invalidToken({
      detail: `The access token is bound to ${proof ? 'another key' : 'a key: send a DPoP proof of it'}`,
      why: proof ? otherKey({ jkt: proof.jkt }, { jkt: cnf.jkt }) : notProven({ jkt: cnf.jkt }),
    });
  const bound = cnf?.['x5t#S256'];
  if (bound !== undefined && bound !== certificate?.thumbprint)
    throw invalidToken({
      detail: `The access token is bound to ${certificate ? 'another certificate' : 'a certificate: connect with it'}`,
      why: certificate
        ? otherKey({ 'x5t#S256': certificate.thumbprint }, { 'x5t#S256': bound })
        : { reason: 'access_token.certificate_missing', expected: { 'x5t#S256': bound } },
    });
}

function refuseMoreScopes(
  asked: string | undefined,
  wanted: readonly string[],
  scopes: readonly string[],
): void {
  if (asked !== undefined && !isScopeList(asked))
    throw new TokenError('invalid_request', 'scope contains invalid characters', {
      why: { reason: 'scope.malformed', came: { scope: shown(asked) } },
      came: undefined,
    });
  const missing = wanted.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw insufficientScope('access token missing requested scope', missing, scopes);
}

/** RFC 6750 section 3.1. */
function invalidToken({ detail, why }: Worthless): TokenError {
  return new TokenError('invalid_token', detail, { why });
}

function insufficientScope(
  description: string,
  missing: readonly string[],
  granted: readonly string[],
): TokenError {
  return new TokenError('insufficient_scope', description, {
    why: {
      reason: 'access_token.scope_missing',
      came: { scope: shown(granted) },
      expected: { scope: shown(missing) },
    },
    members: { scope: missing.join(' ') },
  });
}
