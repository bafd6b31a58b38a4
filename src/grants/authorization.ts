import type { Person } from '../accounts/person.ts';
import { personJson, readPerson } from '../accounts/person-store.ts';
import { mayHaveScope } from '../clients/allowed-now.ts';
import type { Client } from '../clients/client.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import { fromRow, type Payload } from '../platform/time/payload-times.ts';

/** Everything that tokens are made from: the person, the scopes they allowed, and the client's request. */
export interface Authorization {
  person: Person;
  grant: { id: string; payload: Payload; expiresAt: Date };
  /** The members of a code or a refresh family. */
  payload: Payload;
}

/** SQL that holds for a grant `g` whose person may sign in at the instance that the SQL expression gives. */
export function personMaySignIn(instanceId = ':instanceId'): string {
  return `EXISTS (SELECT FROM people p WHERE p.id = g.person_id AND p.disabled_at IS NULL AND p.instance_id = ${instanceId})`;
}

/**
 * Columns of `rows`, which have `payload`, `grant_id`, `grant_payload`, `grant_expires_at` and `person_id`.
 * `readAuthorization` reads them.
 */
export function authorizationColumns(rows: string): string {
  return `payload, grant_id, grant_payload, grant_expires_at, ${personJson(`${rows}.person_id`)} AS person`;
}

export interface AuthorizationRow {
  payload: Payload;
  grant_id: string;
  grant_payload: Payload;
  grant_expires_at: Date;
  person: Person | null;
}

export function readAuthorization(
  row: AuthorizationRow | undefined,
  time: DatabaseTime,
): Authorization | undefined {
  const person = readPerson(row?.person);
  if (!row || !person) return undefined;
  const grant = {
    id: row.grant_id,
    payload: fromRow(row.grant_payload, time),
    expiresAt: time.fromDatabase(row.grant_expires_at),
  };
  return { person, grant, payload: fromRow(row.payload, time) };
}

/** The scopes in a grant's payload that were not rejected, and that the client's registration allows now. */
export function scopesOf(
  payload: Record<string, unknown>,
  client: Pick<Client, 'scopes' | 'grantTypes'>,
): string[] {
  const { openid, rejected } = payload as {
    openid?: { scope?: string };
    rejected?: { openid?: { scope?: string } };
  };
  const without = rejected?.openid?.scope?.split(' ') ?? [];
  const scopes = openid?.scope?.split(' ') ?? [];
  return scopes.filter(
    (scope) => (scope === 'openid' || !without.includes(scope)) && mayHaveScope(client, scope),
  );
}
