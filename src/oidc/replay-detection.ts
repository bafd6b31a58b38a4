import type { Provider } from 'oidc-provider';
import type { UsedProofStore } from '../artifacts/used-proof-store.ts';

/**
 * Decides that a client assertion or a DPoP proof is used once. The library looks first and writes then, so that of
 * two at the same moment both would pass; here one statement decides.
 */
export function decideReplays(provider: Provider, { usedProofs }: { usedProofs: UsedProofStore }): void {
  Object.assign(provider.ReplayDetection, {
    unique: (issuer: string, jti: string, exp: number): Promise<boolean> =>
      usedProofs.use({ issuer, jti, expiresAt: new Date(exp * 1000) }),
  });
}
