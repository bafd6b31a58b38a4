import type { Knex } from 'knex';
import { nearestName } from '../../nearest-name.ts';
import type { SeedStatement } from '../grammar/seed-statements.ts';
import type { MissingValue, StatementRun } from '../run/seed-run.ts';
import { type Comparison, comparisonsOf } from './comparisons.ts';

type Done = Pick<StatementRun, 'matched' | 'changes'>;

/** A file of typing errors is not looked up to its end. */
const MOST_VALUES = 50;
const MOST_NAMES = 5000;
/** Nobody compares with a secret, and no secret is read for a remark. */
const HIDDEN = new Set(['digest', 'password_hash', 'client_secret_sealed']);

interface Wanted extends Comparison {
  n: number;
  table: string;
}

/**
 * For each UPDATE and DELETE that found no row: the values that it compares with, and that no row has or had. The same
 * for one that found fewer rows than it names. Undefined for the others.
 */
export async function missingValues(
  trx: Knex.Transaction,
  statements: readonly SeedStatement[],
  done: readonly Done[],
): Promise<(MissingValue[] | undefined)[]> {
  const found: (MissingValue[] | undefined)[] = statements.map(({ kind }, n) =>
    isSearch(kind) && done[n]?.matched === 0 ? [] : undefined,
  );
  const wanted = statements.flatMap((statement, n) => wantedOf(statement, done[n], n));
  for (const { n, ...one } of wanted.slice(0, MOST_VALUES)) {
    const missing = await look(trx, one, valuesBefore(done, one));
    if (missing) found[n] = [...(found[n] ?? []), missing];
  }
  return found;
}

function isSearch(kind: SeedStatement['kind']): boolean {
  return kind === 'UPDATE' || kind === 'DELETE';
}

function wantedOf({ kind, table, tree }: SeedStatement, done: Done | undefined, n: number): Wanted[] {
  if (!isSearch(kind) || table === undefined || !done) return [];
  const compared = comparisonsOf(tree).filter(({ column }) => !HIDDEN.has(column));
  const most = Math.max(1, ...[...Map.groupBy(compared, ({ column }) => column).values()].map(lengthOf));
  return done.matched < most ? compared.map((comparison) => ({ ...comparison, n, table })) : [];
}

function lengthOf({ length }: readonly unknown[]): number {
  return length;
}

/** The values that a statement of the file changed or deleted. */
function valuesBefore(done: readonly Done[], { table, column }: { table: string; column: string }): string[] {
  const changes = done.flatMap((statement) => statement.changes).filter((change) => change.table === table);
  return changes.flatMap(({ fields }) =>
    fields.filter((field) => field.column === column).map(({ old }) => `${old}`),
  );
}

/** Undefined if a row has or had the value, and for a column of another table or of another type than text. */
async function look(
  trx: Knex.Transaction,
  { table, column, value }: Omit<Wanted, 'n'>,
  before: readonly string[],
): Promise<MissingValue | undefined> {
  const text = await trx.raw(
    `SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(?) AND attname = ? AND atttypid = 'text'::regtype`,
    [table, column],
  );
  if (text.rows.length === 0 || before.includes(value)) return undefined;
  if (await trx(table).where(column, value).first(trx.raw('1'))) return undefined;
  // A name that is much shorter or longer does not resemble it.
  const near = await trx(table)
    .whereRaw('length(??) BETWEEN ? AND ?', [column, value.length - 3, value.length + 3])
    .limit(MOST_NAMES)
    .distinct(column)
    .pluck(column);
  return { column, value, nearest: nearestName(value, [...near, ...before]) };
}
