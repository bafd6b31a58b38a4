import type { Queryable } from '../../platform/database.ts';
import { actsBy } from '../../platform/transaction-way.ts';

export type SecretTable = 'client_secrets' | 'listnr_client_secrets';

export interface StoredSecret {
  name: string;
  digest: string;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

export interface ClientSecretStore {
  /** All secrets of a client, including expired ones, ordered by name. */
  list(clientId: string): Promise<StoredSecret[]>;
  /** The slow digests of a client that has more of them than any other, including expired ones. */
  slowDigests(): Promise<string[]>;
  /** Notes a use, unless one was noted less than a minute ago. */
  touch(clientId: string, name: string): Promise<void>;
  add(clientId: string, secret: Pick<StoredSecret, 'name' | 'digest' | 'expiresAt'>): Promise<void>;
  /** True when there was a secret with that name. */
  remove(clientId: string, name: string): Promise<boolean>;
}

/**
 * The tables with the secrets of clients with this id, enabled or not: none, one, or both when both services have
 * such a client.
 */
export async function findSecretTables(db: Queryable, clientId: string): Promise<SecretTable[]> {
  const { rows } = await db.raw<{ rows: { secret_table: SecretTable }[] }>(
    `SELECT 'client_secrets' AS secret_table FROM clients WHERE id = ?
     UNION ALL SELECT 'listnr_client_secrets' FROM listnr_clients WHERE id = ?`,
    [clientId, clientId],
  );
  return rows.map(({ secret_table }) => secret_table);
}

/**
 * `client_secrets` and `listnr_client_secrets` have the same shape. The triggers `client_secrets_validate` and
 * `listnr_client_secrets_validate` refuse a wrong secret. The triggers `clients_complete` and `listnr_clients_complete`
 * refuse to delete the last secret of a client that needs one. `way`: how its changes come about, for the audit trail.
 */
export function createClientSecretStore(
  db: Queryable,
  table: SecretTable,
  way = 'command client secret',
): ClientSecretStore {
  return {
    async list(clientId) {
      const rows = await db(table).where({ client_id: clientId }).orderBy('name');
      return rows.map((row) => ({
        name: row.name,
        digest: row.digest,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
        lastUsedAt: row.last_used_at,
      }));
    },

    async slowDigests() {
      const { rows } = await db.raw<{ rows: { digests: string[] }[] }>(
        `SELECT array_agg(digest) AS digests FROM ?? WHERE starts_with(digest, 'argon2id:')
         GROUP BY client_id ORDER BY count(*) DESC LIMIT 1`,
        [table],
      );
      return rows[0]?.digests ?? [];
    },

    async touch(clientId, name) {
      await db.raw(
        "UPDATE ?? SET last_used_at = now() WHERE client_id = ? AND name = ? AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
        [table, clientId, name],
      );
    },

    async add(clientId, { name, digest, expiresAt }) {
      await db.transaction(async (trx) => {
        await actsBy(trx, way);
        await trx(table).insert({ client_id: clientId, name, digest, expires_at: expiresAt });
      });
    },

    async remove(clientId, name) {
      return db.transaction(async (trx) => {
        await actsBy(trx, way);
        return (await trx(table).where({ client_id: clientId, name }).delete()) === 1;
      });
    },
  };
}
