import { createHash } from 'node:crypto';
import type { Queryable } from '../../platform/database.ts';
import { type DatabaseTime, SAME_CLOCK } from '../../platform/time/database-time.ts';

/** Client assertions (RFC 7523) and DPoP proofs (RFC 9449). Each is good for one request. */
export interface UsedProofStore {
  /** True for exactly one caller, however many call at once. */
  use(proof: { issuer: string; jti: string; expiresAt: Date }): Promise<boolean>;
}

export function createUsedProofStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): UsedProofStore {
  return {
    async use({ issuer, jti, expiresAt }) {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        'INSERT INTO used_proofs (id_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
        [proofHash({ issuer, jti }), time.toDatabase(expiresAt)],
      );
      return rowCount === 1;
    },
  };
}

/** The id of a proof's row, for a statement that uses up the proof together with a code or a refresh token. */
export function proofHash({ issuer, jti }: { issuer: string; jti: string }): Buffer {
  // JSON separates the two, so that no two pairs have the same text.
  return createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest();
}
