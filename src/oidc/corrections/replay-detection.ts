import type { Provider } from 'oidc-provider';
import type { UsedProofStore } from '../../clients/used-proof-store.ts';
import { replace } from './replace.ts';

/**
 * The library would have a DPoP proof forgotten five minutes after its use, but accepts one that is dated up to five
 * minutes ahead until five minutes after that.
 */
const DATED_AHEAD_SECONDS = 300;

/**
 * Decides that a client assertion or a DPoP proof is used once. The library looks first and writes then, so that of
 * two at the same moment both would pass; here one statement decides.
 */
export function decideReplays(provider: Provider, { usedProofs }: { usedProofs: UsedProofStore }): void {
  replace(provider.ReplayDetection, {
    unique: (issuer: string, jti: string, exp: number): Promise<boolean> =>
      usedProofs.use({ issuer, jti, expiresAt: new Date((exp + DATED_AHEAD_SECONDS) * 1000) }),
  });
}
