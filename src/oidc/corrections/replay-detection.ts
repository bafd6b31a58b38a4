import type { Provider } from 'oidc-provider';
import type { UsedProofStore } from '../../clients/used-proof-store.ts';
import { replace } from './replace.ts';

/**
 * The library wants a DPoP proof to be remembered for five minutes after its use. But it accepts a proof dated up to
 * five minutes ahead until five minutes after that date.
 */
const DATED_AHEAD_SECONDS = 300;

/**
 * Makes sure that a client assertion or a DPoP proof is used once. The library first reads and then writes, so two
 * requests at the same moment would both pass. Here one statement decides.
 */
export function decideReplays(provider: Provider, { usedProofs }: { usedProofs: UsedProofStore }): void {
  replace(provider.ReplayDetection, {
    unique: (issuer: string, jti: string, exp: number): Promise<boolean> =>
      usedProofs.use({ issuer, jti, expiresAt: new Date((exp + DATED_AHEAD_SECONDS) * 1000) }),
  });
}
