import { type AuditValues, auditValues, type Origin, withAudit } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { batchOfTurn } from '../platform/postgres/statements/turn-batch.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { type FoundGrant, GRANT_COLUMNS, type GrantColumns, readGrant } from './grant-store.ts';

/** Whether an access token is still good. */
export interface AccessTokenState {
  /** True when the token itself was revoked. */
  revoked: boolean;
  /** Undefined when the grant has ended, and so all its tokens. */
  grant: FoundGrant | undefined;
}

/** The claims of an access token that name what is stored. */
export interface AccessTokenName {
  jti: string;
  grantId: string;
}

/** An access token that its client revokes. */
export interface RevokedAccessToken extends AccessTokenName {
  personId: string;
  clientId: string;
  instanceId: string;
  expiresAt: Date;
}

/** Access tokens have no rows. Only the few that were revoked one by one are stored, until they would have expired. */
export interface AccessTokenStore {
  /** Reads both in one round trip, which the tokens of one turn of the event loop share. */
  find(token: AccessTokenName): Promise<AccessTokenState>;
  revoke(token: RevokedAccessToken, origin: Origin): Promise<void>;
}

interface Row extends GrantColumns {
  revoked: boolean;
}

const findState = prepare<Row, AccessTokenName>(
  'find_access_token_state',
  `
  SELECT EXISTS (SELECT FROM revoked_access_tokens WHERE jti = :jti) AS revoked, ${GRANT_COLUMNS}
  FROM (SELECT) AS token LEFT JOIN grants g ON g.id = :grantId`,
);

/** OFFSET keeps Postgres from joining the tables as a whole, whatever it believes of their sizes. */
const findStates = prepare<Row, { jtis: readonly string[]; grantIds: readonly string[] }>(
  'find_access_token_states',
  `
  SELECT EXISTS (SELECT FROM revoked_access_tokens r WHERE r.jti = token.jti) AS revoked, g.*
  FROM unnest(:jtis::text[], :grantIds::text[]) WITH ORDINALITY AS token (jti, grant_id, place)
    LEFT JOIN LATERAL (SELECT ${GRANT_COLUMNS} FROM grants g WHERE g.id = token.grant_id OFFSET 0) g ON true
  ORDER BY token.place`,
);

const revokeToken = prepare<never, RevokedAccessToken & AuditValues>(
  'revoke_access_token',
  `
  WITH revoked AS (
    INSERT INTO revoked_access_tokens (jti, expires_at) VALUES (:jti, :expiresAt) ON CONFLICT (jti) DO NOTHING
    RETURNING jti
  ),
  ${withAudit('revoked', 'access_token.revoked', {
    person: ':personId',
    client: ':clientId',
    instance: ':instanceId',
    detail: "jsonb_build_object('grant', :grantId::text)",
  })}
  SELECT FROM revoked`,
);

export function createAccessTokenStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): AccessTokenStore {
  const readState = (row: Row) => ({ revoked: row.revoked, grant: readGrant(row, time) });
  return {
    find: batchOfTurn<AccessTokenName, AccessTokenState>({
      name: 'access tokens',
      async one(token) {
        const { rows } = await findState(db, token);
        const [row] = rows as [Row];
        return readState(row);
      },
      async several(tokens) {
        const jtis = tokens.map(({ jti }) => jti);
        const grantIds = tokens.map(({ grantId }) => grantId);
        const { rows } = await findStates(db, { jtis, grantIds });
        return rows.map(readState);
      },
    }),
    async revoke(token, origin) {
      const expiresAt = time.toDatabase(token.expiresAt);
      await revokeToken(db, { ...token, expiresAt, ...auditValues(origin) });
    },
  };
}
