import type { RefreshFamily, RefreshFamilyStore } from '../grants/refresh-family-store.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { ManagementRequest } from './management/management-request.ts';
import type { RefreshTokenCodec } from './refresh-token-value.ts';

export interface CurrentRefreshTokenDependencies {
  families: RefreshFamilyStore;
  codec: RefreshTokenCodec;
  clock: Clock;
}

/**
 * Finds the family of a refresh token that this client may still use: the current one, or the previous one inside the
 * replay window.
 */
export async function findCurrentFamily(
  { client, token, note }: ManagementRequest,
  { families, codec, clock }: CurrentRefreshTokenDependencies,
): Promise<RefreshFamily | undefined> {
  const presented = codec.decode(token, client.id);
  const family = presented && (await families.find(presented.family, client.refreshReplayWindowSeconds));
  if (family) note({ person: String(family.payload.accountId), grant: family.grant.id });
  if (!family || family.expiresAt <= clock.now()) return undefined;
  const behind = family.sequence - presented.sequence;
  return behind <= 0 || (behind === 1 && family.withinWindow) ? family : undefined;
}
