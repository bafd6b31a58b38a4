import type { Knex } from 'knex';
import { namesOf, type SeedStatement, type Tree } from '../grammar/seed-statements.ts';

/**
 * Columns that an INSERT may give a new row alone: a person chooses the password, a row does not move to another
 * instance, and it was made when it was made.
 */
const OF_NEW_ROWS = new Set(['password_hash', 'password_rehashed', 'instance_id', 'created_at']);

interface Table {
  /** In their order. */
  columns: readonly string[];
  /** The columns of each constraint. */
  constraints: Readonly<Record<string, readonly string[]>>;
}

/** For each statement, the columns that its INSERT sets, and its DO UPDATE leaves as they are. */
export async function forgottenColumns(
  trx: Knex.Transaction,
  statements: readonly SeedStatement[],
): Promise<string[][]> {
  const updating = statements.filter(({ tree }) => conflictOf(tree)?.action === 'ONCONFLICT_UPDATE');
  if (updating.length === 0) return statements.map(() => []);
  const tables = await readTables(trx, [...new Set(updating.map(({ table = '' }) => table))]);
  return statements.map((statement) => {
    const table = tables.get(statement.table ?? '');
    return table && updating.includes(statement) ? forgottenIn(statement, table) : [];
  });
}

function forgottenIn(statement: SeedStatement, { columns, constraints }: Table): string[] {
  const { targetList, infer } = conflictOf(statement.tree) as { targetList?: unknown; infer?: Tree };
  const kept = new Set([
    ...namesOf(targetList, 'ResTarget'),
    ...namesOf(infer?.indexElems, 'IndexElem'),
    ...(constraints[String(infer?.conname)] ?? []),
    ...OF_NEW_ROWS,
  ]);
  const set = statement.columns ?? columns.slice(0, valuesIn(statement.tree));
  return set.filter((column) => !kept.has(column));
}

function conflictOf(tree: Tree): Tree | undefined {
  return tree.onConflictClause as Tree | undefined;
}

/** How many values the first row of VALUES has. */
function valuesIn(tree: Tree): number {
  const { SelectStmt } = (tree.selectStmt ?? {}) as { SelectStmt?: { valuesLists?: unknown[] } };
  const [first] = (SelectStmt?.valuesLists ?? []) as { List?: { items?: unknown[] } }[];
  return first?.List?.items?.length ?? 0;
}

async function readTables(trx: Knex.Transaction, names: readonly string[]): Promise<Map<string, Table>> {
  const { rows } = await trx.raw<{ rows: ({ name: string } & Table)[] }>(
    `SELECT name,
       (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = to_regclass(name) AND attnum > 0 AND NOT attisdropped) AS columns,
       (SELECT coalesce(json_object_agg(conname, (
          SELECT json_agg(attname) FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY (conkey))), '{}')
        FROM pg_constraint WHERE conrelid = to_regclass(name) AND contype IN ('p', 'u')) AS constraints
     FROM unnest(?::text[]) AS name`,
    [[...names]],
  );
  return new Map(rows.map(({ name, ...table }) => [name, table]));
}
