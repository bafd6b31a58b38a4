import { comesFrom, type Origin, recordAudit } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';

/**
 * The trigger `audit_consent` tells the audit trail of each. An admin withdraws a consent by deleting its row. The trigger `end_consented` then ends the person's grants at that
 * client.
 */
export interface ConsentStore {
  /** The scopes that a person has allowed a client; none if the answer goes to a host that they were not shown. */
  scopesFor(consent: ConsentSubject): Promise<readonly string[]>;
  /** Adds to the scopes and hosts that were allowed before. */
  allow(consent: ConsentSubject, scopes: readonly string[], origin: Origin): Promise<void>;
  /** Changes nothing, and tells the audit trail that the person said no. */
  refuse(consent: Pick<ConsentSubject, 'personId' | 'clientId'>, origin: Origin): Promise<void>;
}

export interface ConsentSubject {
  personId: string;
  clientId: string;
  /** The address for the answer; undefined for a device, which polls instead. */
  redirectUri: string | undefined;
}

/** The host of a web address, whatever the port; the scheme of another address. */
function hostOf(redirectUri: string): string {
  const { hostname, protocol } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? hostname : protocol;
}

export function createConsentStore(db: Queryable): ConsentStore {
  return {
    async scopesFor({ personId, clientId, redirectUri }) {
      const row = await db('consents')
        .where({ person_id: personId, client_id: clientId })
        .first('scopes', 'redirect_hosts');
      const isShown =
        redirectUri === undefined || (row?.redirect_hosts as string[])?.includes(hostOf(redirectUri));
      return row && isShown ? row.scopes : [];
    },

    async allow({ personId, clientId, redirectUri }, scopes, origin) {
      const [condition, bindings] = comesFrom(origin);
      await db.raw(
        `INSERT INTO consents (person_id, client_id, scopes, redirect_hosts)
         SELECT ?, ?, ?::text[], ?::text[] WHERE ${condition}
         ON CONFLICT (person_id, client_id) DO UPDATE
         SET scopes = ARRAY(SELECT DISTINCT unnest(consents.scopes || excluded.scopes) ORDER BY 1),
           redirect_hosts = ARRAY(SELECT DISTINCT unnest(consents.redirect_hosts || excluded.redirect_hosts) ORDER BY 1),
           granted_at = now()`,
        [
          personId,
          clientId,
          [...scopes],
          redirectUri === undefined ? [] : [hostOf(redirectUri)],
          ...bindings,
        ],
      );
    },

    refuse: (consent, origin) => recordAudit(db, { event: 'consent.refused', ...consent }, origin),
  };
}
