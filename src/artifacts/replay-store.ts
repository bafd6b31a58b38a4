import { createHash } from 'node:crypto';
import type { Queryable } from '../platform/database.ts';

export interface ReplayStore {
  /** True for the first who presents it, however many do at once. */
  use(id: string, expiresAt: Date): Promise<boolean>;
}

export function createReplayStore(db: Queryable): ReplayStore {
  return {
    async use(id, expiresAt) {
      const { rowCount } = await db.raw<{ rowCount: number }>(
        'INSERT INTO replay_detection (id_hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
        [createHash('sha256').update(id).digest(), expiresAt],
      );
      return rowCount === 1;
    },
  };
}
