import { Provider } from 'oidc-provider';
import { scopesAllowed } from '../../clients/allowed-now.ts';
import type { RefreshFamilyStore } from '../../grants/refresh-family-store.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { RefreshTokenCodec } from '../../tokens/refresh-token-value.ts';
import { noteFacts, useGrant } from '../request-context.ts';
import { clientRecord } from '../storage/client-metadata.ts';
import { replace } from './replace.ts';

type RefreshToken = InstanceType<Provider['RefreshToken']>;

/**
 * Finds refresh tokens of the requesting client for introspection and revocation: the current one of its family, or
 * the previous one inside the replay window. `tokens/refresh.ts` answers refresh requests.
 */
export function findRefreshTokens(
  provider: Provider,
  { families, codec, clock }: { families: RefreshFamilyStore; codec: RefreshTokenCodec; clock: Clock },
): void {
  const { RefreshToken } = provider;
  replace(RefreshToken, {
    async find(text: string): Promise<RefreshToken | undefined> {
      const client = Provider.ctx?.oidc.client;
      const value = client && codec.decode(text, client.clientId);
      const family =
        value && (await families.find(value.family, clientRecord(client).refreshReplayWindowSeconds));
      if (!family) return undefined;
      noteFacts({ person: String(family.payload.accountId), grant: family.grant.id });
      if (family.expiresAt <= clock.now()) return undefined;
      const behind = family.sequence - value.sequence;
      if (behind > 1 || (behind === 1 && !family.withinWindow)) return undefined;
      useGrant(family.grant);
      return new RefreshToken({
        ...family.payload,
        scope: scopesAllowed(clientRecord(client), String(family.payload.scope)).join(' '),
        jti: text,
        exp: Math.floor(family.expiresAt.getTime() / 1000),
      } as unknown as ConstructorParameters<typeof RefreshToken>[0]);
    },
  });
}
