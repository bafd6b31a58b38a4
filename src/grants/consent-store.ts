import type { Queryable } from '../platform/database.ts';

/**
 * An admin withdraws a consent by deleting its row. The trigger `end_consented` then ends the person's grants at that
 * client.
 */
export interface ConsentStore {
  /** The scopes that a person has allowed a client. */
  scopesFor(personId: string, clientId: string): Promise<readonly string[]>;
  /** Adds to the scopes that were allowed before. */
  allow(personId: string, clientId: string, scopes: readonly string[]): Promise<void>;
}

export function createConsentStore(db: Queryable): ConsentStore {
  return {
    async scopesFor(personId, clientId) {
      const row = await db('consents').where({ person_id: personId, client_id: clientId }).first('scopes');
      return row?.scopes ?? [];
    },

    async allow(personId, clientId, scopes) {
      await db.raw(
        `INSERT INTO consents (person_id, client_id, scopes) VALUES (?, ?, ?)
         ON CONFLICT (person_id, client_id) DO UPDATE
         SET scopes = ARRAY(SELECT DISTINCT unnest(consents.scopes || excluded.scopes) ORDER BY 1), granted_at = now()`,
        [personId, clientId, [...scopes]],
      );
    },
  };
}
