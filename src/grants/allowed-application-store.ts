import { actsFor, type Origin } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';

/** An application that a person allowed something, by consenting or by signing in to it. */
export interface AllowedApplication {
  clientId: string;
  name: string;
  /** Those of the consent, and of the grants that are alive. */
  scopes: readonly string[];
  /** Whether it goes on while the person is away. */
  isLasting: boolean;
  since: Date;
  /** Undefined where only a consent is left. */
  lastUsedAt: Date | undefined;
}

export interface AllowedApplicationStore {
  /** By name. */
  list(personId: string): Promise<AllowedApplication[]>;
  /**
   * Takes back everything that a person allowed an application: the consent and all grants, with their codes and tokens,
   * in one transaction. The application is told (`end_consented`, or here where there was no consent). Returns false when
   * there was nothing.
   */
  end(personId: string, clientId: string, origin: Origin): Promise<boolean>;
}

interface Row {
  client_id: string;
  name: string;
  consented: string[] | null;
  granted: string | null;
  is_lasting: boolean;
  since: Date;
  last_used_at: Date | null;
}

/** A grant whose refresh tokens have expired gives nothing any more, though its row stays for a while. */
const LIST = `
  WITH alive AS (
    SELECT g.client_id, string_agg(DISTINCT g.payload->'openid'->>'scope', ' ') AS granted,
           bool_or(f.family IS NOT NULL) AS is_lasting, min(g.created_at) AS since,
           max(coalesce(f.rotated_at, g.created_at)) AS last_used_at
    FROM grants g LEFT JOIN refresh_families f ON f.grant_id = g.id
    WHERE g.person_id = :personId AND g.expires_at > now() AND coalesce(f.expires_at > now(), true)
    GROUP BY g.client_id
  ), consented AS (
    SELECT client_id, scopes, granted_at FROM consents WHERE person_id = :personId
  )
  SELECT c.id AS client_id, c.name, s.scopes AS consented, a.granted, coalesce(a.is_lasting, false) AS is_lasting,
         coalesce(s.granted_at, a.since) AS since, a.last_used_at
  FROM alive a FULL JOIN consented s ON s.client_id = a.client_id
  JOIN clients c ON c.id = coalesce(a.client_id, s.client_id)
  ORDER BY lower(c.name), c.id`;

export function createAllowedApplicationStore(
  db: Queryable,
  time: DatabaseTime = SAME_CLOCK,
): AllowedApplicationStore {
  return {
    async list(personId) {
      const { rows } = await db.raw<{ rows: Row[] }>(LIST, { personId });
      return rows.map((row) => ({
        clientId: row.client_id,
        name: row.name,
        scopes: [...new Set([...(row.consented ?? []), ...(row.granted ?? '').split(' ')])].filter(Boolean),
        isLasting: row.is_lasting,
        since: time.fromDatabase(row.since),
        lastUsedAt: row.last_used_at === null ? undefined : time.fromDatabase(row.last_used_at),
      }));
    },

    end: (personId, clientId, origin) =>
      db.transaction(async (trx) => {
        const allowed = { person_id: personId, client_id: clientId };
        await actsFor(trx, origin);
        const consents = await trx('consents').where(allowed).delete();
        const grants = await trx('grants').where(allowed).delete();
        if (consents === 0 && grants > 0) await trx.raw('SELECT tell_client(?, ?)', [personId, clientId]);
        return consents + grants > 0;
      }),
  };
}
