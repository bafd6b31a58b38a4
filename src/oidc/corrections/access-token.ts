import type { Provider } from 'oidc-provider';
import { scopesAllowed } from '../../clients/allowed-now.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import type { AccessTokenStore } from '../../grants/access-token-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { readAccessToken } from '../../tokens/access-token.ts';
import { noteFacts, requestContext, useGrant } from '../request-context.ts';
import { replace } from './replace.ts';

interface Dependencies {
  issuer: string;
  keyRing: KeyRing;
  accessTokens: AccessTokenStore;
  clients: ClientStore;
  clock: Clock;
}

type AccessToken = InstanceType<Provider['AccessToken']>;

/**
 * Finds access tokens for introspection and revocation. They are JWTs without rows, so the library's model is built
 * from the claims. The token's grant is looked up at each use, so ending the grant ends all its tokens at once. A
 * token that was revoked alone is a row until it would have expired.
 */
export function findAccessTokens(provider: Provider, dependencies: Dependencies): void {
  const { AccessToken } = provider;
  const { issuer, accessTokens, clients } = dependencies;

  replace(AccessToken.prototype, {
    async destroy(this: AccessToken) {
      await accessTokens.revoke(this.jti, new Date((this.exp ?? 0) * 1000));
      this.emit('destroyed');
    },
  });

  replace(AccessToken, {
    async find(presented: string): Promise<AccessToken | undefined> {
      const token = readAccessToken(requestContext().presentedToken ?? presented, dependencies);
      if (!token) return undefined;
      const { claims } = token;
      noteFacts({ person: claims.sub, grant: claims.grant_id });
      if (token.expired) return undefined;
      const { revoked, grant } = await accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
      if (revoked) return undefined;
      useGrant(grant ?? { id: claims.grant_id, payload: undefined, person: undefined });
      const client = await clients.find(claims.client_id);
      const scope = client && scopesAllowed(client, claims.scope).join(' ');
      return new AccessToken({
        kind: 'AccessToken',
        jti: claims.jti,
        iat: claims.iat,
        exp: claims.exp,
        accountId: claims.sub,
        clientId: claims.client_id,
        grantId: claims.grant_id,
        ...(scope ? { scope } : {}),
        ...(claims.cnf ? { jkt: claims.cnf.jkt } : {}),
        aud: issuer,
      } as unknown as ConstructorParameters<typeof AccessToken>[0]);
    },
  });
}
