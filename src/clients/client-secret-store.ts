import type { Queryable } from '../platform/database.ts';

export interface ClientSecretStore {
  /** The digests of a client's secrets that have not expired. */
  liveDigests(clientId: string, now: Date): Promise<string[]>;
}

/** `client_secrets` and `listnr_client_secrets` have the same shape. */
export function createClientSecretStore(
  db: Queryable,
  table: 'client_secrets' | 'listnr_client_secrets',
): ClientSecretStore {
  return {
    liveDigests: (clientId, now) =>
      db(table)
        .where({ client_id: clientId })
        .where((live) => live.whereNull('expires_at').orWhere('expires_at', '>', now))
        .pluck('digest'),
  };
}
