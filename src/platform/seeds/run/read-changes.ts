import type { Knex } from 'knex';
import { changedTables, type SeedStatement } from '../grammar/seed-statements.ts';
import type { FieldChange, RowChange, StatementRun } from './seed-run.ts';

interface ChangedRow {
  statement: number;
  table: string;
  operation: RowChange['operation'];
  oldKey: string;
  key: string;
  old: Record<string, unknown>;
  new: Record<string, unknown>;
}

/** The rows that the statements of a file changed, by their numbers from 1. */
export async function readChanges(
  trx: Knex.Transaction,
  statements: readonly SeedStatement[],
): Promise<Map<number, Pick<StatementRun, 'matched' | 'changes' | 'gone'>>> {
  const matched = await trx.raw<{ rows: { n: number; matched: string }[] }>(
    'SELECT n, matched FROM pg_temp.seed_statements',
  );
  const changed = await trx.raw<{ rows: ChangedRow[] }>(
    `SELECT statement, table_name AS "table", operation, old_key AS "oldKey", row_key AS key, old, new
     FROM pg_temp.planned_changes ORDER BY n`,
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

function toChange({ table, operation, oldKey, key, old, new: now }: ChangedRow): Omit<RowChange, 'direct'> {
  const columns = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  const fields = columns.map(
    (column): FieldChange => ({
      ...{ column, old: old[column] ?? null, new: now[column] ?? null },
    }),
  );
  return { table, operation, key, oldKey, fields };
}
