import type { Queryable } from '../platform/database.ts';

/** Access tokens cost no row, except the few that were revoked one by one: those are kept until they would have expired. */
export interface RevokedAccessTokenStore {
  revoke(jti: string, expiresAt: Date): Promise<void>;
  isRevoked(jti: string): Promise<boolean>;
}

export function createRevokedAccessTokenStore(db: Queryable): RevokedAccessTokenStore {
  return {
    async revoke(jti, expiresAt) {
      await db('revoked_access_tokens').insert({ jti, expires_at: expiresAt }).onConflict('jti').ignore();
    },
    async isRevoked(jti) {
      return (await db('revoked_access_tokens').where({ jti }).first('jti')) !== undefined;
    },
  };
}
