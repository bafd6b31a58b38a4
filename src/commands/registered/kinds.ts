import type { AuditEvent } from '../../audit/events.ts';
import type { Owner } from '../../audit/registration-trail-store.ts';
import type { RegisteredTable } from './registered-store.ts';

/** One kind of registration, and the tables that belong to it. */
export interface Kind {
  /** The word of the commands: `client list`, `client show`. */
  word: string;
  table: RegisteredTable;
  /** The text for one of them, and for many. */
  one: string;
  many: string;
  /** The columns of the list. */
  columns: readonly string[];
  /** The options of the list beside `--after`. */
  filters: Readonly<Record<string, string>>;
  parts: readonly Part[];
  /** The events of the audit trail that are its history, and the column by which they are found. */
  events: readonly AuditEvent[];
  owner: Owner;
  /** An id for an example. */
  example: string;
}

export interface Part {
  table: string;
  /** The column with the id that `show` was given. */
  column: string;
  order: string;
}

const INSTANCE = { instance: 'ID' };

type Thing = AuditEvent extends infer Event ? (Event extends `${infer Word}.created` ? Word : never) : never;

function changesOf(things: readonly Thing[]): AuditEvent[] {
  return things.flatMap((thing) =>
    (['created', 'changed', 'deleted'] as const).map((change) => `${thing}.${change}` as AuditEvent),
  );
}

export const KINDS: readonly Kind[] = [
  {
    word: 'client',
    table: 'clients',
    one: 'client of Sign in with Listo',
    many: 'clients of Sign in with Listo',
    columns: ['id', 'instance_id', 'name', 'type', 'disabled_at'],
    filters: INSTANCE,
    parts: [{ table: 'client_secrets', column: 'client_id', order: 'name' }],
    events: changesOf(['client', 'client_secret']),
    owner: 'client_id',
    example: 'acme-portal',
  },
  {
    word: 'instance',
    table: 'instances',
    one: 'instance',
    many: 'instances',
    columns: ['id', 'name', 'authentication'],
    filters: {},
    parts: [{ table: 'upstream_providers', column: 'instance_id', order: 'issuer' }],
    events: changesOf(['instance', 'upstream_provider']),
    owner: 'instance_id',
    example: 'acme',
  },
  {
    word: 'person',
    table: 'people',
    one: 'person',
    many: 'people',
    columns: ['id', 'instance_id', 'email', 'name', 'disabled_at'],
    filters: { ...INSTANCE, email: 'ADDRESS' },
    parts: [
      { table: 'upstream_identities', column: 'person_id', order: 'issuer' },
      { table: 'worker_ids', column: 'person_id', order: 'worker_id' },
      { table: 'user_records', column: 'person_id', order: 'id' },
    ],
    events: [
      ...changesOf(['person', 'upstream_identity', 'worker_id', 'user_record']),
      ...(['person.enabled', 'person.disabled', 'password.changed', 'address.changed'] as const),
      ...(['passkey.added', 'passkey.renamed', 'passkey.removed'] as const),
      ...(['factor.added', 'factor.removed', 'recovery_codes.replaced'] as const),
    ],
    owner: 'person_id',
    example: 'b6d2ee09-6334-4156-bfce-4aaa6ea9bd92',
  },
  {
    word: 'listnr',
    table: 'listnr_clients',
    one: 'client of LiSTNR',
    many: 'clients of LiSTNR',
    columns: ['id', 'pattern', 'audience', 'disabled_at'],
    filters: {},
    parts: [
      { table: 'listnr_accepted_issuers', column: 'client_id', order: 'issuer' },
      { table: 'listnr_client_secrets', column: 'client_id', order: 'name' },
    ],
    events: changesOf(['listnr_client', 'listnr_accepted_issuer', 'listnr_client_secret']),
    owner: 'client_id',
    example: 'acme-player',
  },
];
