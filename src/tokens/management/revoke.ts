import type { AccessTokenStore } from '../../grants/access-token-store.ts';
import type { GrantStore } from '../../grants/grant-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { type AccessTokenClaims, readAccessToken } from '../access-token.ts';
import { type CurrentRefreshTokenDependencies, findCurrentFamily } from '../current-refresh-token.ts';
import { expiredToken } from './holder.ts';
import type { ManagementRequest } from './management-request.ts';

export interface RevocationDependencies extends CurrentRefreshTokenDependencies {
  issuer: string;
  keyRing: KeyRing;
  accessTokens: AccessTokenStore;
  grants: GrantStore;
}

/**
 * Revokes a token of the client (RFC 7009): an access token alone, a refresh token with its grant and all the grant's
 * tokens. The token of another client stays as it is, and nobody learns which tokens exist.
 */
export async function revoke(request: ManagementRequest, d: RevocationDependencies): Promise<void> {
  const { client, token, note } = request;
  const accessToken = readAccessToken(token, d);
  if (accessToken) {
    const { claims, expired } = accessToken;
    note({ person: claims.sub, grant: claims.grant_id });
    if (claims.client_id !== client.id)
      note({ detail: 'of another client: nothing was revoked', why: ofAnother(claims) });
    else if (expired) note(expiredToken(claims, d.clock));
    else
      await d.accessTokens.revoke(
        {
          ...{ jti: claims.jti, grantId: claims.grant_id, personId: claims.sub },
          ...{ clientId: client.id, instanceId: client.instanceId },
          expiresAt: new Date(claims.exp * 1000),
        },
        request.origin(),
      );
    return;
  }
  const { family, why = { reason: 'revocation.token_unknown' } } = await findCurrentFamily(request, d);
  if (family) await d.grants.revoke(family.grant.id, { event: 'grant.revoked', origin: request.origin() });
  else note({ detail: 'no token that this client may use: nothing was revoked', why });
}

/** Only operators read whose token it is. */
function ofAnother({ client_id }: AccessTokenClaims): Refusal {
  return { reason: 'revocation.token_of_another', expected: { client_id } };
}
