import { type errors, Provider } from 'oidc-provider';
import type { GrantStore } from '../grants/grant-store.ts';
import { invalidGrant } from './refusal.ts';
import { type RedeemedCode, requestScope } from './request-scope.ts';

type Client = InstanceType<Provider['Client']>;

const NAMES: Record<RedeemedCode['model'], string> = {
  AuthorizationCode: 'Authorization code',
  DeviceCode: 'Device code',
};

/**
 * Uses a code. It is marked used by the statement that begins its refresh tokens (refresh-token.ts): until then, a
 * request that is lost or refused has changed nothing and can be repeated. Where there are none, by `markUsed`, which
 * is true for the first alone.
 * @throws InvalidGrant for whoever comes second.
 */
export async function redeem(
  code: RedeemedCode,
  {
    grantId,
    grants,
    markUsed,
  }: { grantId: string | undefined; grants: GrantStore; markUsed(): Promise<boolean> },
): Promise<void> {
  const { client } = Provider.ctx?.oidc ?? {};
  if (client && givesRefreshToken(client)) {
    requestScope().redeeming = code;
    return;
  }
  if (!(await markUsed())) throw await refuseUsedCode(code.model, grantId, grants);
}

/** Whether a code of this client gives a refresh token, whose row is then what marks the code used. */
export function givesRefreshToken(client: Pick<Client, 'grantTypeAllowed'>): boolean {
  return client.grantTypeAllowed('refresh_token');
}

/** RFC 6749 section 4.1.2: a code used twice also ends what it gave, since who came first may have stolen it. */
export async function refuseUsedCode(
  model: RedeemedCode['model'],
  grantId: string | undefined,
  grants: GrantStore,
): Promise<errors.InvalidGrant> {
  if (grantId) await grants.revoke(grantId);
  return invalidGrant(`${NAMES[model]} already used`);
}

/** Nothing leaves for a code that could be used again: it would be a mistake of ours. */
export function requireRedemption(provider: Provider): void {
  provider.on('grant.success', () => {
    if (requestScope().redeeming !== undefined)
      throw new Error('The code gave tokens and was not marked used.');
  });
}
