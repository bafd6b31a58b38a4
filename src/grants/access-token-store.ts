import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/prepared-statement.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { type FoundGrant, GRANT_COLUMNS, type GrantColumns, readGrant } from './grant-store.ts';

/** Whether an access token is still good. */
export interface AccessTokenState {
  /** True when the token itself was revoked. */
  revoked: boolean;
  /** Undefined when the grant has ended, and so all its tokens. */
  grant: FoundGrant | undefined;
}

/** Access tokens have no rows. Only the few that were revoked one by one are stored, until they would have expired. */
export interface AccessTokenStore {
  /** Reads both in one round trip. */
  find(token: { jti: string; grantId: string }): Promise<AccessTokenState>;
  revoke(jti: string, expiresAt: Date): Promise<void>;
}

interface Row extends GrantColumns {
  revoked: boolean;
}

const findState = prepare<Row, { jti: string; grantId: string }>(
  'find_access_token_state',
  `
  SELECT EXISTS (SELECT FROM revoked_access_tokens WHERE jti = :jti) AS revoked, ${GRANT_COLUMNS}
  FROM (SELECT) AS token LEFT JOIN grants g ON g.id = :grantId`,
);

export function createAccessTokenStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): AccessTokenStore {
  return {
    async find({ jti, grantId }) {
      const { rows } = await findState(db, { jti, grantId });
      const [row] = rows as [Row];
      return { revoked: row.revoked, grant: readGrant(row, time) };
    },
    async revoke(jti, expiresAt) {
      await db('revoked_access_tokens')
        .insert({ jti, expires_at: time.toDatabase(expiresAt) })
        .onConflict('jti')
        .ignore();
    },
  };
}
