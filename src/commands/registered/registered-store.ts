import type { Queryable } from '../../platform/database.ts';
import { nearestName } from '../../platform/nearest-name.ts';

export type Row = Record<string, unknown>;

export type RegisteredTable = 'clients' | 'instances' | 'people' | 'listnr_clients';

export interface Page {
  /** Rows behind the one with this id. */
  after?: string | undefined;
  instance?: string | undefined;
  email?: string | undefined;
  limit: number;
}

export interface RegisteredStore {
  /** Rows of a table, ordered by id. */
  list(table: RegisteredTable, page: Page): Promise<Row[]>;
  find(table: RegisteredTable, id: string): Promise<Row | undefined>;
  /** The id that this one most likely misspells; undefined when it resembles none. */
  nearestId(table: RegisteredTable, id: string): Promise<string | undefined>;
  /** The rows of `table` whose `column` is this id, in the order of `order`. */
  partsOf(table: string, column: string, id: string, order: string): Promise<Row[]>;
}

/** An id of another length is not compared, and no more than so many are. */
const LONGER_OR_SHORTER = 3;
const MOST_COMPARED = 10_000;

/**
 * The columns that hold a secret, sealed or hashed. A secret that not everybody has gets a name, under which an operator
 * sees whether it is there.
 */
const SECRET_COLUMNS = new Map<string, string | undefined>([
  ['password_hash', 'password'],
  ['password_rehashed', undefined],
  ['client_secret_sealed', 'client_secret'],
  ['digest', undefined],
]);

/**
 * Reads registrations for an operator. No secret leaves it, whether sealed or hashed. The trigger `note_change` keeps
 * their `updated_at`.
 */
export function createRegisteredStore(db: Queryable): RegisteredStore {
  return {
    async list(table, { after, instance, email, limit }) {
      const query = db(table).orderBy('id').limit(limit);
      if (after !== undefined) query.where('id', '>', after);
      if (instance !== undefined) query.where('instance_id', instance);
      if (email !== undefined) query.whereRaw('canonical_address(email) = canonical_address(?)', [email]);
      return (await query).map(withoutSecrets);
    },

    async find(table, id) {
      const row: Row | undefined = await db(table).where({ id }).first();
      return row && withoutSecrets(row);
    },

    async nearestId(table, id) {
      const ids: string[] = await db(table)
        .whereRaw('abs(length(id) - ?::int) <= ?', [id.length, LONGER_OR_SHORTER])
        .orderBy('id')
        .limit(MOST_COMPARED)
        .pluck('id');
      return nearestName(id, ids);
    },

    async partsOf(table, column, id, order) {
      const rows: Row[] = await db(table)
        .where({ [column]: id })
        .orderBy(order);
      return rows.map((row) => {
        const { [column]: _owner, ...part } = withoutSecrets(row);
        return part;
      });
    },
  };
}

/** Says of a secret only whether it is there. */
function withoutSecrets(row: Row): Row {
  const shown = Object.entries(row).flatMap(([column, value]) => {
    if (!SECRET_COLUMNS.has(column)) return [[column, value] as const];
    const name = SECRET_COLUMNS.get(column);
    return name === undefined ? [] : [[name, value !== null] as const];
  });
  return Object.fromEntries(shown);
}
