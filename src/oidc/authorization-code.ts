import { createHash } from 'node:crypto';
import { Provider } from 'oidc-provider';
import type { GrantStore } from '../grants/grant-store.ts';
import { AlreadyUsed } from './already-used.ts';
import { redeem, refuseUsedCode } from './redemption.ts';
import { invalidGrant } from './refusal.ts';

type AuthorizationCode = InstanceType<Provider['AuthorizationCode']> & { consumed?: unknown };
type Find = (
  value: string,
  options?: { ignoreExpiration?: boolean },
) => Promise<AuthorizationCode | undefined>;

/**
 * Decides that a code is used once, and says why one is refused, where the cause is known. The library checks the
 * same things afterwards, but tells the client only that something was wrong.
 */
export function decideAuthorizationCodes(provider: Provider, { grants }: { grants: GrantStore }): void {
  const { AuthorizationCode } = provider;
  const find = AuthorizationCode.find.bind(AuthorizationCode) as Find;
  const { consume } = AuthorizationCode.prototype;

  Object.assign(AuthorizationCode, {
    async find(...[value, options]: Parameters<Find>): ReturnType<Find> {
      const code = await find(value, options);
      const ctx = Provider.ctx;
      if (ctx?.oidc.route !== 'token') return code;
      // A code of another client is, to this one, a code that does not exist.
      if (!code || code.clientId !== ctx.oidc.client?.clientId)
        throw invalidGrant('Authorization code is not valid');
      if (code.isExpired) throw invalidGrant('Authorization code expired');
      if (code.consumed) throw await refuseUsedCode('AuthorizationCode', code.grantId, grants);
      checkRequest(code, ctx.oidc.params ?? {});
      return code;
    },
  });

  Object.assign(AuthorizationCode.prototype, {
    async consume(this: AuthorizationCode) {
      const markUsed = () =>
        consume.call(this).then(
          () => true,
          (error: unknown) => {
            if (error instanceof AlreadyUsed) return false;
            throw error;
          },
        );
      await redeem({ model: 'AuthorizationCode', id: this.jti }, { grantId: this.grantId, grants, markUsed });
    },
  });
}

function checkRequest(
  code: AuthorizationCode,
  { redirect_uri, code_verifier }: Record<string, unknown>,
): void {
  if (code.redirectUri !== redirect_uri) {
    throw invalidGrant('redirect_uri is not the one of the authorization request');
  }
  if (code_verifier && !code.codeChallenge) {
    throw invalidGrant('code_verifier was sent, but the authorization request had no code_challenge');
  }
  if (!code_verifier && code.codeChallenge) {
    throw invalidGrant('code_verifier is missing');
  }
  if (
    typeof code_verifier === 'string' &&
    createHash('sha256').update(code_verifier).digest('base64url') !== code.codeChallenge
  ) {
    throw invalidGrant('code_verifier does not match the code_challenge');
  }
}
