import { errors, Provider } from 'oidc-provider';
import type { AccessTokenStore } from '../grants/access-token-store.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { explained } from './refusal.ts';
import { requestScope, useGrant } from './request-scope.ts';

interface Dependencies {
  keyRing: KeyRing;
  accessTokens: AccessTokenStore;
}

type AccessToken = InstanceType<Provider['AccessToken']>;

interface AccessTokenClaims extends Record<string, unknown> {
  iss: string;
  aud: string;
  jti: string;
  sub: string;
  iat: number;
  exp: number;
  client_id: string;
  scope?: string;
  grant_id: string;
  /** RFC 9449 section 6.1: the thumbprint of the key that it is bound to. */
  cnf?: { jkt: string };
}

/**
 * Makes access tokens JWTs (RFC 9068) that cost no row. One is signed when issued, and when presented its model
 * is built again from its claims. The grant it names is looked up at each use, so ending the grant ends
 * all its tokens at once; a token revoked alone is a row until it would have expired.
 */
export function makeAccessTokensStateless(provider: Provider, { keyRing, accessTokens }: Dependencies): void {
  const { AccessToken } = provider;

  Object.assign(AccessToken.prototype, {
    async getValueAndPayload(this: AccessToken) {
      const now = Math.floor(Date.now() / 1000);
      const value = await keyRing.current.sign(
        {
          jti: this.jti,
          iss: provider.issuer,
          aud: provider.issuer,
          sub: this.accountId,
          iat: now,
          exp: now + this.expiration,
          client_id: this.clientId,
          scope: this.scope,
          grant_id: this.grantId,
          ...(this.jkt ? { cnf: { jkt: this.jkt } } : {}),
        },
        'at+jwt',
      );
      return { value, payload: undefined };
    },

    async destroy(this: AccessToken) {
      await accessTokens.revoke(this.jti, new Date((this.exp ?? 0) * 1000));
      this.emit('destroyed');
    },
  });

  Object.assign(AccessToken, {
    async find(presented: string): Promise<AccessToken | undefined> {
      const value = requestScope().presentedToken ?? presented;
      const claims = await verify(provider, keyRing, value);
      if (!claims) return refuse('Access token is not valid');
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
        ...(Provider.ctx?.oidc.route === 'introspection' ? { aud: provider.issuer } : {}),
      } as unknown as ConstructorParameters<typeof AccessToken>[0]);
    },
  });
}

/** The claims of a current access token of this server (RFC 9068 section 4). */
async function verify(
  provider: Provider,
  keyRing: KeyRing,
  value: string,
): Promise<AccessTokenClaims | undefined> {
  const claims = keyRing.verify(value, 'at+jwt');
  if (!isOf(provider.issuer, claims)) return undefined;
  if (claims.exp > Math.floor(Date.now() / 1000)) return claims;
  await rememberClient(provider, claims.client_id);
  return refuse('Access token expired');
}

function isOf(issuer: string, claims: Record<string, unknown> | undefined): claims is AccessTokenClaims {
  return (
    claims?.iss === issuer &&
    claims.aud === issuer &&
    typeof claims.exp === 'number' &&
    [claims.jti, claims.sub, claims.client_id, claims.grant_id].every((claim) => typeof claim === 'string')
  );
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
