import type { Queryable } from '../../platform/database.ts';
import type { Column, ExportedRow, TableShape } from './seed-text.ts';

/** The columns that the database writes by itself. */
const WRITTEN_BY_ITSELF = ['created_at', 'updated_at', 'last_used_at'];

export interface RegistrationsStore {
  /** The ids of all instances, in the order of their letters. */
  instances(): Promise<string[]>;
  shapeOf(table: string): Promise<TableShape>;
  /** The rows whose `column` is one of `values`, ordered by key. */
  rows(shape: TableShape, column: string, values: readonly string[]): Promise<ExportedRow[]>;
  /** All rows of a table, ordered by key, some thousand at a time; those whose `column` is `value`, if they are given. */
  batches(
    shape: TableShape,
    where: { column: string; value: string } | undefined,
  ): AsyncGenerator<ExportedRow[]>;
}

const BATCH = 2000;

/**
 * Reads registrations, inside a transaction, as text, whatever their types, so that a number, a time or JSON loses nothing on the way. The names
 * of columns, types and defaults are those of the catalog: a column of a later migration is exported as well.
 */
export function createRegistrationsStore(db: Queryable): RegistrationsStore {
  return {
    async instances() {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(
        'SELECT id FROM instances ORDER BY id COLLATE "C"',
      );
      return rows.map(({ id }) => id);
    },

    async shapeOf(table) {
      const { rows } = await db.raw<{ rows: CatalogColumn[] }>(COLUMNS, [table]);
      const described = rows.filter(({ name }) => !WRITTEN_BY_ITSELF.includes(name));
      const defaults = await defaultsOf(db, described);
      return {
        table,
        columns: described.map(({ name, type, part_of_key: isKey }) => ({
          ...{ name, type, isKey },
          ...(name in defaults ? { usual: defaults[name] ?? null } : {}),
        })),
      };
    },

    async rows(shape, column, values) {
      const { rows } = await db.raw<{ rows: ExportedRow[] }>(
        `SELECT ${selected(shape.columns)} FROM ${shape.table} WHERE ${column} = ANY (?) ORDER BY ${orderOf(shape)}`,
        [[...values]],
      );
      return rows;
    },

    async *batches(shape, where) {
      await db.raw(
        `DECLARE exported CURSOR FOR SELECT ${selected(shape.columns)} FROM ${shape.table}
         ${where ? `WHERE ${where.column} = ?` : ''} ORDER BY ${orderOf(shape)}`,
        where ? [where.value] : [],
      );
      try {
        for (;;) {
          const { rows } = await db.raw<{ rows: ExportedRow[] }>(`FETCH ${BATCH} FROM exported`);
          if (rows.length > 0) yield rows;
          if (rows.length < BATCH) return;
        }
      } finally {
        await db.raw('CLOSE exported');
      }
    },
  };
}

interface CatalogColumn {
  name: string;
  type: string;
  part_of_key: boolean;
  default_expression: string | null;
}

const COLUMNS = `
SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnum = ANY (indkey) AS part_of_key,
       pg_get_expr(adbin, adrelid) AS default_expression
FROM pg_attribute
JOIN pg_index ON indrelid = attrelid AND indisprimary
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

/** The values of columns that an INSERT does not name. A column that may be NULL and has no default gets NULL. */
async function defaultsOf(db: Queryable, columns: readonly CatalogColumn[]): Promise<ExportedRow> {
  // The key of a person has a default that is another one each time.
  const others = columns.filter(({ part_of_key: isKey }) => !isKey);
  if (others.length === 0) return {};
  const values = others.map(({ name, type, default_expression: expression }) =>
    asText({ name, type }, `(${expression ?? 'NULL'})::${type}`),
  );
  const { rows } = await db.raw<{ rows: ExportedRow[] }>(
    `SELECT ${values.join(', ').replaceAll('?', '\\?')}`,
  );
  return rows[0] ?? {};
}

function selected(columns: readonly Column[]): string {
  return columns.map((column) => asText(column, column.name)).join(', ');
}

/** A list is read as one, unless it counts from another number than 1 or has several dimensions. */
function asText({ name, type }: Pick<Column, 'name' | 'type'>, value: string): string {
  const text = `(${value})::text`;
  if (!type.endsWith('[]')) return `${text} AS ${name}`;
  return `CASE WHEN cardinality(${value}) = 0 OR array_ndims(${value}) = 1 AND array_lower(${value}, 1) = 1
    THEN to_jsonb(${value}) ELSE to_jsonb(${text}) END AS ${name}`;
}

function orderOf({ columns }: TableShape): string {
  return columns
    .filter(({ isKey }) => isKey)
    .map(({ name }) => `${name} COLLATE "C"`)
    .join(', ');
}
