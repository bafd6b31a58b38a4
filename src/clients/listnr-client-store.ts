import type { Queryable } from '../platform/database.ts';
import type { ListnrClient } from './listnr-client.ts';

export interface ListnrClientStore {
  /** A client, enabled or not: the answer to a disabled one differs from that to an unknown one. */
  find(id: string): Promise<ListnrClient | undefined>;
}

export function createListnrClientStore(db: Queryable): ListnrClientStore {
  return {
    async find(id) {
      const row = await db('listnr_clients').where({ id }).first();
      if (!row) return undefined;
      const issuers =
        row.pattern === 'authenticated_user'
          ? await db('listnr_accepted_issuers').where({ client_id: id }).orderBy('issuer')
          : [];
      return {
        id: row.id,
        pattern: row.pattern,
        audience: row.audience,
        scopes: row.scopes,
        claims: row.claims,
        environments: row.environments,
        defaultSubject: row.default_subject,
        origins: row.origins,
        disabled: row.disabled_at !== null,
        acceptedIssuers: issuers.map((issuer) => ({
          issuer: issuer.issuer,
          jwksUri: issuer.jwks_uri,
          audiences: issuer.audiences,
          algorithms: issuer.algorithms,
          subjectPrefix: issuer.subject_prefix,
        })),
      };
    },
  };
}
