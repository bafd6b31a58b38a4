import { errors, type Provider } from 'oidc-provider';
import { proofExpiry } from '../../clients/proofs/dpop-proof.ts';
import type { UsedProofStore } from '../../clients/proofs/used-proof-store.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { because } from '../reasons/refused-because.ts';
import { replace } from './replace.ts';

/**
 * Makes sure that the DPoP proof of a pushed request is used once. The library first reads and then writes, so two
 * requests at the same moment would both pass. Here one statement decides. The library would remember a proof for five
 * minutes after its use, but one that is dated ahead is valid for longer.
 */
export function decideReplays(
  provider: Provider,
  { usedProofs, clock }: { usedProofs: UsedProofStore; clock: Clock },
): void {
  replace(provider.ReplayDetection, {
    async unique(issuer: string, jti: string): Promise<boolean> {
      const isNew = await usedProofs.use({ issuer, jti, expiresAt: proofExpiry(clock.now()) });
      if (isNew) return true;
      throw because(new errors.InvalidRequest('DPoP proof JWT Replay detected'), {
        reason: 'proof.used_before',
      });
    },
  });
}
