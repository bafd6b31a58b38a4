import { errors, Provider } from 'oidc-provider';
import type { AccessTokenStore } from '../../grants/access-token-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Clock } from '../../platform/clock.ts';
import { readAccessToken } from '../../tokens/access-token.ts';
import { explained } from '../refusal.ts';
import { requestScope, useGrant } from '../request-scope.ts';
import { replace } from './replace.ts';

interface Dependencies {
  issuer: string;
  keyRing: KeyRing;
  accessTokens: AccessTokenStore;
  clock: Clock;
}

type AccessToken = InstanceType<Provider['AccessToken']>;

/**
 * Lets the library find access tokens, which are JWTs and cost no row. Its model is built again from the claims of the
 * token. The grant that the token names is looked up at each use, so ending the grant ends all its tokens at once; a
 * token that was revoked alone is a row until it would have expired.
 */
export function findAccessTokens(provider: Provider, dependencies: Dependencies): void {
  const { AccessToken } = provider;
  const { issuer, accessTokens } = dependencies;

  replace(AccessToken.prototype, {
    async destroy(this: AccessToken) {
      await accessTokens.revoke(this.jti, new Date((this.exp ?? 0) * 1000));
      this.emit('destroyed');
    },
  });

  replace(AccessToken, {
    async find(presented: string): Promise<AccessToken | undefined> {
      const token = readAccessToken(requestScope().presentedToken ?? presented, dependencies);
      if (!token) return refuse('Access token is not valid');
      const { claims, expired } = token;
      if (expired) {
        await rememberClient(provider, claims.client_id);
        return refuse('Access token expired');
      }
      const { revoked, grant } = await accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
      if (revoked) {
        await rememberClient(provider, claims.client_id);
        return refuse('Access token was revoked');
      }
      useGrant(grant ?? { id: claims.grant_id, payload: undefined, person: undefined });
      return new AccessToken({
        kind: 'AccessToken',
        jti: claims.jti,
        iat: claims.iat,
        exp: claims.exp,
        accountId: claims.sub,
        clientId: claims.client_id,
        grantId: claims.grant_id,
        ...(claims.scope ? { scope: claims.scope } : {}),
        ...(claims.cnf ? { jkt: claims.cnf.jkt } : {}),
        // Introspection repeats it; userinfo refuses a model that has one.
        ...(Provider.ctx?.oidc.route === 'introspection' ? { aud: issuer } : {}),
      } as unknown as ConstructorParameters<typeof AccessToken>[0]);
    },
  });
}

/** At userinfo a refused token is a 401 that says why; elsewhere it is simply not found. */
function refuse(description: string): undefined {
  if (Provider.ctx?.oidc.route === 'userinfo') {
    throw explained(new errors.InvalidToken(description), description);
  }
  return undefined;
}

/** So that a browser application may read the refusal: the library allows an origin once it knows the client. */
async function rememberClient(provider: Provider, clientId: unknown): Promise<void> {
  const ctx = Provider.ctx;
  if (ctx?.oidc.route !== 'userinfo' || typeof clientId !== 'string') return;
  const client = await provider.Client.find(clientId);
  if (client) ctx.oidc.entity('Client', client);
}
