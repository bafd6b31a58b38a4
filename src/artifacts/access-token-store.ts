import type { Person } from '../accounts/person.ts';
import { personJson, readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import type { Payload } from './artifact-store.ts';
import type { FoundGrant } from './grant-store.ts';

/** Whether an access token is still good. */
export interface AccessTokenState {
  /** It was revoked by itself. */
  revoked: boolean;
  /** Undefined when the grant has ended, and with it all its tokens. */
  grant: FoundGrant | undefined;
}

/** Access tokens cost no row, except the few that were revoked one by one: those are kept until they would have expired. */
export interface AccessTokenStore {
  /** In one round trip. */
  find(token: { jti: string; grantId: string }): Promise<AccessTokenState>;
  revoke(jti: string, expiresAt: Date): Promise<void>;
}

const FIND = `
  SELECT EXISTS (SELECT FROM revoked_access_tokens WHERE jti = ?) AS revoked, g.payload, ${personJson('g.person_id')} AS person
  FROM (SELECT) AS token LEFT JOIN grants g ON g.id = ?`;

interface Row {
  revoked: boolean;
  payload: Payload | null;
  person: Person | null;
}

export function createAccessTokenStore(db: Queryable): AccessTokenStore {
  return {
    async find({ jti, grantId }) {
      const { rows } = await db.raw<{ rows: [Row] }>(FIND, [jti, grantId]);
      const [{ revoked, payload, person }] = rows;
      return {
        revoked,
        grant: payload ? { id: grantId, payload, person: readPerson(person) } : undefined,
      };
    },
    async revoke(jti, expiresAt) {
      await db('revoked_access_tokens').insert({ jti, expires_at: expiresAt }).onConflict('jti').ignore();
    },
  };
}
