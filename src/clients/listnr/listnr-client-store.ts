import type { Reading } from '../../platform/copies/kept-copy.ts';
import { behind, ON_PRIMARY } from '../../platform/copies/versions.ts';
import type { Queryable } from '../../platform/database.ts';
import type { KnownSecret } from '../secrets/client-secrets.ts';
import type { AcceptedIssuer, ListnrClient } from './listnr-client.ts';

export interface ListnrRegistration {
  client: ListnrClient;
  secrets: readonly KnownSecret[];
}

export interface ListnrClientStore {
  /** Every client by its id. Disabled ones are included, because their error differs from that of an unknown client. */
  readAll(): Promise<Reading<ReadonlyMap<string, ListnrRegistration>>>;
}

type Row = { version: string } & (
  | { id: null }
  | (Omit<ListnrClient, 'defaultSubject' | 'acceptedIssuers'> & {
      default_subject: string | null;
      accepted_issuers: AcceptedIssuer[] | null;
      secret_names: string[] | null;
      secret_digests: string[] | null;
      secret_expiries: (Date | number | null)[] | null;
    })
);

/** Rows are read in pages: ten thousand at once would keep requests waiting for a tenth of a second. */
const PAGE = 500;

/**
 * One statement sees one state of all the tables, and the version that the trigger `bump_version` gave that state.
 * Without clients, there is one row with only the version.
 */
const READ_ALL = `
  SELECT v.version, c.id, c.pattern, c.audience, c.scopes, c.claims, c.environments, c.default_subject, c.origins,
    c.disabled_at IS NOT NULL AS disabled, i.accepted_issuers, s.secret_names, s.secret_digests, s.secret_expiries
  FROM versions v
  LEFT JOIN listnr_clients c ON true
  LEFT JOIN (
    SELECT client_id, json_agg(json_build_object('issuer', issuer, 'jwksUri', jwks_uri, 'audiences', audiences,
      'algorithms', algorithms, 'subjectPrefix', subject_prefix) ORDER BY issuer) AS accepted_issuers
    FROM listnr_accepted_issuers GROUP BY client_id
  ) i ON i.client_id = c.id
  LEFT JOIN (
    SELECT client_id, array_agg(name ORDER BY name) AS secret_names, array_agg(digest ORDER BY name) AS secret_digests,
      array_agg(expires_at ORDER BY name) AS secret_expiries
    FROM listnr_client_secrets GROUP BY client_id
  ) s ON s.client_id = c.id
  WHERE v.name = 'registration' AND ${ON_PRIMARY}`;

export function createListnrClientStore(db: Queryable): ListnrClientStore {
  return {
    readAll: () =>
      db.transaction(async (trx) => {
        await trx.raw(`DECLARE every_listnr_client NO SCROLL CURSOR FOR ${READ_ALL}`);
        const content = new Map<string, ListnrRegistration>();
        let version: string | undefined;
        let page: Row[];
        do {
          ({ rows: page } = await trx.raw<{ rows: Row[] }>(`FETCH ${PAGE} FROM every_listnr_client`));
          for (const row of page) {
            version = row.version;
            if (row.id !== null) content.set(row.id, toRegistration(row));
          }
        } while (page.length === PAGE);
        await trx.raw('CLOSE every_listnr_client');
        if (version === undefined) throw behind();
        return { version, content };
      }),
  };
}

function toRegistration(row: Exclude<Row, { id: null }>): ListnrRegistration {
  const { secret_names: names, secret_digests: digests, secret_expiries: expiries } = row;
  return {
    client: {
      id: row.id,
      pattern: row.pattern,
      audience: row.audience,
      scopes: row.scopes,
      claims: row.claims,
      environments: row.environments,
      defaultSubject: row.default_subject,
      origins: row.origins,
      disabled: row.disabled,
      acceptedIssuers: row.accepted_issuers ?? [],
    },
    secrets: (names ?? []).map((name, n) => ({
      name,
      digest: digests?.[n] ?? '',
      expiresAt: expiries?.[n] ?? null,
    })),
  };
}
