import type { Person } from '../accounts/person.ts';
import { personJson, readPerson } from '../accounts/person-store.ts';
import type { AuditEvent } from '../audit/events.ts';
import { type AuditValues, auditValues, COMES_FROM, type Origin } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import { fromRow } from '../platform/time/payload-times.ts';

/** One authorization: the scopes that a person allowed a client in one sign-in. Its codes and tokens end with it. */
export interface Grant {
  id: string;
  personId: string;
  clientId: string;
  /** The browser session in which it was given. Signing out of that session ends the grant. */
  sessionUid: string;
  payload: Record<string, unknown>;
  expiresAt: Date;
}

/** The parts of a grant that the use of a code or token needs, loaded by the same query. */
export interface FoundGrant {
  id: string;
  payload: Record<string, unknown>;
  expiresAt: Date;
  /** The person who gave it; undefined when they are disabled. */
  person: Person | undefined;
}

/** Columns of the grant `g` and its person, for another store's query. `readGrant` reads them. */
export const GRANT_COLUMNS = `
  g.id AS grant_id, g.payload AS grant_payload, g.expires_at AS grant_expires_at, ${personJson('g.person_id')} AS person`;

export interface GrantColumns {
  grant_id: string | null;
  grant_payload: Record<string, unknown> | null;
  grant_expires_at: Date | null;
  person: Person | null;
}

/** Undefined when there is no grant, or it has ended. */
export function readGrant(
  { grant_id: id, grant_payload: payload, grant_expires_at: expiresAt, person }: GrantColumns,
  time: DatabaseTime,
): FoundGrant | undefined {
  if (!id || !payload || !expiresAt) return undefined;
  return {
    id,
    payload: fromRow(payload, time),
    expiresAt: time.fromDatabase(expiresAt),
    person: readPerson(person),
  };
}

/** Why a grant ends, for the audit trail. */
export interface Ending {
  event: AuditEvent;
  origin: Origin;
  detail?: Readonly<Record<string, unknown>>;
}

/** The triggers `end_session`, `end_sign_ins` and `end_consented` delete grants as well. */
export interface GrantStore {
  /**
   * Ends a grant. Through the tables' references, that also ends its codes and tokens. The trigger `audit_grant` writes
   * why, in the same statement: once, if several requests end it.
   */
  revoke(id: string, why: Ending): Promise<void>;
}

const endGrant = prepare<never, { id: string } & AuditValues>(
  'end_grant',
  `DELETE FROM grants WHERE id = :id AND ${COMES_FROM}`,
);

export function createGrantStore(db: Queryable): GrantStore {
  return {
    async revoke(id, { origin, ...why }) {
      await endGrant(db, { id, ...auditValues(origin, why) });
    },
  };
}
