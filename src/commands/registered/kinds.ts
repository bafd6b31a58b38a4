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
}

export interface Part {
  table: string;
  /** The column with the id that `show` was given. */
  column: string;
  order: string;
}

const INSTANCE = { instance: 'ID' };

export const KINDS: readonly Kind[] = [
  {
    word: 'client',
    table: 'clients',
    one: 'client of Sign in with Listo',
    many: 'clients of Sign in with Listo',
    columns: ['id', 'instance_id', 'name', 'type', 'disabled_at'],
    filters: INSTANCE,
    parts: [{ table: 'client_secrets', column: 'client_id', order: 'name' }],
  },
  {
    word: 'instance',
    table: 'instances',
    one: 'instance',
    many: 'instances',
    columns: ['id', 'name', 'authentication'],
    filters: {},
    parts: [{ table: 'upstream_providers', column: 'instance_id', order: 'issuer' }],
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
  },
];
