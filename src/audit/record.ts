import type { Queryable } from '../platform/database.ts';
import type { AuditEvent } from './events.ts';

/** Where a change or decision comes from. */
export interface Origin {
  /** The network address, as the access log has it. */
  address: string;
  requestId: string;
}

/** An event and what it concerns. Never a secret, a code, a token, a name or an e-mail address. */
export interface AuditEntry {
  event: AuditEvent;
  personId?: string | undefined;
  clientId?: string | undefined;
  /** By default that of the person, or of the client. */
  instanceId?: string | undefined;
  detail?: Readonly<Record<string, unknown>>;
}

/** Writes an event in the caller's transaction. Without an `origin`, the way that `actsBy` gave the transaction counts. */
export async function recordAudit(
  db: Queryable,
  { event, personId = null, clientId = null, instanceId = null, detail = {} }: Nullable<AuditEntry>,
  origin?: Origin,
): Promise<void> {
  await db.raw('SELECT record_audit(?, ?, ?, ?, ?::jsonb, ?::jsonb)', [
    event,
    personId as string,
    clientId as string,
    instanceId as string,
    JSON.stringify(detail),
    (origin ? toJson(origin) : null) as string,
  ]);
}

type Nullable<T> = { [Name in keyof T]: T[Name] | null };

/** The value of a statement that has `withAudit` or `COMES_FROM`. */
export interface AuditValues {
  auditOrigin: string;
}

/** `event` and `detail` are for triggers: what a deleted row means here, and what to add. */
export function auditValues(
  origin: Origin | undefined,
  more: { event?: AuditEvent; detail?: Readonly<Record<string, unknown>> } = {},
): AuditValues {
  return { auditOrigin: origin ? toJson(origin, more) : JSON.stringify(more) };
}

/**
 * A common table expression that writes an event for each row of the table expression `rows`, as part of the statement
 * that decides. The others are SQL expressions over its columns.
 */
export function withAudit(
  rows: string,
  event: AuditEvent,
  about: Record<'person' | 'client' | 'instance', string> & { detail?: string; condition?: string },
): string {
  const { person, client, instance, detail = "'{}'", condition = 'true' } = about;
  return `audited AS (
    INSERT INTO audit_events (event, person_id, client_id, instance_id, detail, way, address, request_id)
    SELECT '${event}', ${person}, ${client}, ${instance}, ${detail}::jsonb,
           o.origin->>'way', o.origin->>'address', o.origin->>'requestId'
    FROM ${rows}, (SELECT :auditOrigin::jsonb) AS o (origin)
    WHERE ${condition}
  )`;
}

/**
 * SQL, for the condition of a statement, that always holds. It tells the triggers that write events during the statement
 * where it comes from (`:auditOrigin`). The setting counts for this transaction alone, so poolers do no harm.
 */
export const COMES_FROM = "(SELECT set_config('listo.origin', :auditOrigin, true)) IS NOT NULL";

/** The same for a condition of knex: `whereRaw(...comesFrom(origin))`. */
export function comesFrom(...origin: Parameters<typeof auditValues>): [sql: string, bindings: [string]] {
  return [COMES_FROM.replace(':auditOrigin', '?'), [auditValues(...origin).auditOrigin]];
}

/** The same for all that a transaction does. */
export async function actsFor(trx: Queryable, ...origin: Parameters<typeof auditValues>): Promise<void> {
  await trx.raw("SELECT set_config('listo.origin', ?, true)", [auditValues(...origin).auditOrigin]);
}

export { actsBy } from '../platform/transaction-way.ts';

function toJson({ address, requestId }: Origin, more: object = {}): string {
  return JSON.stringify({ way: 'request', address, requestId, ...more });
}
