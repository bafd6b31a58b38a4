import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import { changedTables, type SeedStatement } from '../grammar/seed-statements.ts';
import type { FieldChange, RowChange, StatementRun } from './seed-run.ts';

/** Columns of secrets, hashed or sealed. */
const SECRET = new Set(['digest', 'password_hash', 'password_rehashed', 'client_secret_sealed']);

interface ChangedRow {
  statement: number;
  table: string;
  operation: RowChange['operation'];
  keyColumns: string[];
  /** The whole row before and after. */
  old: Row | null;
  new: Row | null;
}

type Row = Readonly<Record<string, unknown>>;

/** The rows that the statements of a file changed, by their numbers from 1. */
export async function readChanges(
  trx: Knex.Transaction,
  statements: readonly SeedStatement[],
): Promise<Map<number, Pick<StatementRun, 'matched' | 'changes' | 'gone'>>> {
  const matched = await trx.raw<{ rows: { n: number; matched: string }[] }>(
    'SELECT n, matched FROM pg_temp.seed_statements',
  );
  const changed = await trx.raw<{ rows: ChangedRow[] }>(
    `SELECT statement, table_name AS "table", operation, key_columns AS "keyColumns", old, new FROM pg_temp.planned_changes ORDER BY n`,
  );
  const gone = await trx.raw<{ rows: { statement: number; table: string; number: string }[] }>(
    `SELECT statement, table_name AS "table", sum(number) AS number FROM pg_temp.seed_gone
     GROUP BY 1, 2 HAVING sum(number) > 0 ORDER BY 1, 2`,
  );
  const changesOf = Map.groupBy(changed.rows, ({ statement }) => statement);
  const goneOf = Map.groupBy(gone.rows, ({ statement }) => statement);
  return new Map(
    matched.rows.map(({ n, matched }) => [
      n,
      {
        matched: Number(matched),
        changes: toChanges(changesOf.get(n) ?? [], statements[n - 1]),
        gone: Object.fromEntries((goneOf.get(n) ?? []).map(({ table, number }) => [table, Number(number)])),
      },
    ]),
  );
}

function toChanges(rows: readonly ChangedRow[], statement: SeedStatement | undefined): RowChange[] {
  if (rows.length === 0 || !statement) return [];
  const named = changedTables(statement.tree);
  if (statement.table) named.add(statement.table);
  return rows.map((row) => ({ ...toChange(row), direct: named.has(row.table) }));
}

function toChange({ table, operation, keyColumns, old, new: now }: ChangedRow): Omit<RowChange, 'direct'> {
  const keyOf = (row: Row | null) => keyColumns.map((column) => row?.[column]).join(' ');
  return {
    ...{ table, operation, key: keyOf(now ?? old), oldKey: keyOf(old ?? now) },
    fields: fieldsOf(old ?? {}, now ?? {}),
  };
}

function fieldsOf(old: Row, now: Row): FieldChange[] {
  const columns = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return columns
    .map((column) => ({ column, old: old[column] ?? null, new: now[column] ?? null }))
    .filter((field) => !isDeepStrictEqual(field.old, field.new))
    .map((field) => (SECRET.has(field.column) ? withFirstLetters(field) : field));
}

/** Enough to tell one secret from another, and to find a digest in a file. */
function withFirstLetters({ column, old, new: now }: FieldChange): FieldChange {
  return { column, old: firstLetters(old), new: firstLetters(now) };
}

function firstLetters(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.startsWith('sha256:')) return `${value.slice(0, 15)}…`;
  return `sha256 of it: ${createHash('sha256').update(value).digest('hex').slice(0, 8)}…`;
}
