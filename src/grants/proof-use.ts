import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import { proofHash } from '../clients/proofs/used-proof-store.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';

/** SQL that holds while the DPoP proof `:proofHash` is new. */
export const PROOF_IS_NEW = 'NOT EXISTS (SELECT FROM used_proofs u WHERE u.id_hash = :proofHash::bytea)';

/**
 * A common table expression that uses up the proof for each row of `rows`. If another request uses the same proof at
 * the same moment, the whole statement fails; `unlessProofIsUsed` handles that.
 */
export function withProofUsed(rows: string): string {
  return `used AS (
    INSERT INTO used_proofs (id_hash, expires_at)
    SELECT :proofHash::bytea, :proofExpiresAt::timestamptz FROM ${rows}
  )`;
}

export interface ProofValues {
  proofHash: Buffer;
  proofExpiresAt: Date;
}

export function proofValues(
  { jti, expiresAt }: DpopProof,
  clientId: string,
  time: DatabaseTime,
): ProofValues {
  return {
    proofHash: proofHash({ issuer: clientId, jti }),
    proofExpiresAt: time.toDatabase(expiresAt),
  };
}

const UNIQUE_VIOLATION = '23505';

/** Returns undefined, with nothing changed, when another request used the same proof at the same moment. */
export async function unlessProofIsUsed<T>(statement: () => Promise<T>): Promise<T | undefined> {
  try {
    return await statement();
  } catch (error) {
    const { code, table } = error as { code?: string; table?: string };
    if (code === UNIQUE_VIOLATION && table === 'used_proofs') return undefined;
    throw error;
  }
}
