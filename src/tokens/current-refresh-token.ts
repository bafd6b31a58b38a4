import type { RefreshFamily, RefreshFamilyStore } from '../grants/refresh-family-store.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { instant } from '../refusals/shown.ts';
import type { ManagementRequest } from './management/management-request.ts';
import type { RefreshTokenCodec } from './refresh-token-value.ts';

export interface CurrentRefreshTokenDependencies {
  families: RefreshFamilyStore;
  codec: RefreshTokenCodec;
  clock: Clock;
}

/** The family of a refresh token that is good, or why it is not; neither for a token that is none of this client's. */
export type CurrentFamily =
  | { family: RefreshFamily; why?: undefined }
  | { family?: undefined; why?: Refusal };

/**
 * Finds the family of a refresh token that this client may still use: the current one, or the previous one inside the
 * replay window.
 */
export async function findCurrentFamily(
  { client, token, note }: ManagementRequest,
  { families, codec, clock }: CurrentRefreshTokenDependencies,
): Promise<CurrentFamily> {
  const presented = codec.decode(token, client.id);
  if (!presented) return {};
  const family = await families.find(presented.family, client.refreshReplayWindowSeconds);
  // Only this server can have made the token, so its client may know that it was good.
  if (!family) return { why: { reason: 'refresh_token.ended' } };
  note({ person: String(family.payload.accountId), grant: family.grant.id });
  if (family.expiresAt <= clock.now())
    return {
      why: {
        reason: 'refresh_token.expired',
        came: { expired_at: instant(family.expiresAt) },
        expected: { now: instant(clock.now()) },
      },
    };
  const behind = family.sequence - presented.sequence;
  if (behind <= 0 || (behind === 1 && family.withinWindow)) return { family };
  return { why: { reason: 'refresh_token.superseded', came: { tokens_behind: String(behind) } } };
}
