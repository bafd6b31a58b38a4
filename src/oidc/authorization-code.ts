import { createHash } from 'node:crypto';
import { type errors, Provider } from 'oidc-provider';
import type { GrantStore } from '../artifacts/grant-store.ts';
import { AlreadyUsed } from './already-used.ts';
import { invalidGrant } from './refusal.ts';
import { requestScope } from './request-scope.ts';

type AuthorizationCode = InstanceType<Provider['AuthorizationCode']> & { consumed?: unknown };
type Client = InstanceType<Provider['Client']>;
type Find = (
  value: string,
  options?: { ignoreExpiration?: boolean },
) => Promise<AuthorizationCode | undefined>;

/**
 * Decides that a code is used once, and says why one is refused, where the cause is known. The library checks the
 * same things afterwards, but tells the client only that something was wrong.
 *
 * A code is marked used by the statement that begins its refresh tokens (refresh-token.ts): until then, a request
 * that is lost or refused has changed nothing and can be repeated. Where there are none, by a statement of its own.
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
      if (code.consumed) throw await refuseUsedCode(code.grantId, grants);
      checkRequest(code, ctx.oidc.params ?? {});
      return code;
    },
  });

  Object.assign(AuthorizationCode.prototype, {
    async consume(this: AuthorizationCode) {
      const { client } = Provider.ctx?.oidc ?? {};
      if (client && givesRefreshToken(client)) {
        requestScope().redeeming = this.jti;
        return;
      }
      try {
        await consume.call(this);
      } catch (error) {
        if (!(error instanceof AlreadyUsed)) throw error;
        throw await refuseUsedCode(this.grantId, grants);
      }
    },
  });

  provider.on('grant.success', () => {
    if (requestScope().redeeming !== undefined)
      throw new Error('The code gave tokens and was not marked used.');
  });
}

/** Whether a code of this client gives a refresh token, whose row is then what marks the code used. */
export function givesRefreshToken(client: Pick<Client, 'grantTypeAllowed'>): boolean {
  return client.grantTypeAllowed('refresh_token');
}

/** RFC 6749 section 4.1.2: a code used twice also ends what it gave. */
export async function refuseUsedCode(
  grantId: string | undefined,
  grants: GrantStore,
): Promise<errors.InvalidGrant> {
  if (grantId) await grants.revoke(grantId);
  return invalidGrant('Authorization code already used');
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
