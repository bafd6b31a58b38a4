import { errors, Provider } from 'oidc-provider';
import type { GrantStore } from '../artifacts/grant-store.ts';

type RefreshToken = InstanceType<Provider['RefreshToken']> & { consumed?: unknown };
type Find = (value: string, options?: { ignoreExpiration?: boolean }) => Promise<RefreshToken | undefined>;

/** Says why a refresh token is refused, where the cause is known. */
export function describeRefreshTokens(provider: Provider, { grants }: { grants: GrantStore }): void {
  const { RefreshToken } = provider;
  const find = RefreshToken.find.bind(RefreshToken) as Find;

  Object.assign(RefreshToken, {
    async find(...[value, options]: Parameters<Find>): ReturnType<Find> {
      const token = await find(value, options);
      const ctx = Provider.ctx;
      if (ctx?.oidc.route !== 'token') return token;
      if (!token || token.clientId !== ctx.oidc.client?.clientId) throw refusal('Refresh token is not valid');
      if (token.isExpired) throw refusal('Refresh token expired');
      if (token.consumed) {
        // RFC 9700 section 4.14.2: one of the two who hold it is a thief, so neither keeps anything.
        if (token.grantId) await grants.revoke(token.grantId);
        throw refusal('Refresh token already used');
      }
      return token;
    },
  });
}

function refusal(description: string): errors.InvalidGrant {
  return Object.assign(new errors.InvalidGrant(description), { error_description: description });
}
