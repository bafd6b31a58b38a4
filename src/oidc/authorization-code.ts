import { createHash } from 'node:crypto';
import { errors, Provider } from 'oidc-provider';
import type { GrantStore } from '../artifacts/grant-store.ts';
import { AlreadyUsed } from './adapter.ts';

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
        throw refusal('Authorization code is not valid');
      if (code.isExpired) throw refusal('Authorization code expired');
      if (!code.consumed) checkRequest(code, ctx.oidc.params ?? {});
      // `consume` decides, in one statement; what was read here may be out of date by then.
      code.consumed = false;
      return code;
    },
  });

  Object.assign(AuthorizationCode.prototype, {
    async consume(this: AuthorizationCode) {
      try {
        await consume.call(this);
      } catch (error) {
        if (!(error instanceof AlreadyUsed)) throw error;
        // RFC 6749 section 4.1.2: a code used twice also ends what it gave.
        if (this.grantId) await grants.revoke(this.grantId);
        throw refusal('Authorization code already used');
      }
    },
  });
}

function checkRequest(
  code: AuthorizationCode,
  { redirect_uri, code_verifier }: Record<string, unknown>,
): void {
  if (code.redirectUri !== redirect_uri) {
    throw refusal('redirect_uri is not the one of the authorization request');
  }
  if (code_verifier && !code.codeChallenge) {
    throw refusal('code_verifier was sent, but the authorization request had no code_challenge');
  }
  if (!code_verifier && code.codeChallenge) {
    throw refusal('code_verifier is missing');
  }
  if (
    typeof code_verifier === 'string' &&
    createHash('sha256').update(code_verifier).digest('base64url') !== code.codeChallenge
  ) {
    throw refusal('code_verifier does not match the code_challenge');
  }
}

function refusal(description: string): errors.InvalidGrant {
  return Object.assign(new errors.InvalidGrant(description), { error_description: description });
}
