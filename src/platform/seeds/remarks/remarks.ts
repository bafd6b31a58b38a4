import type { Knex } from 'knex';
import type { SeedStatement } from '../grammar/seed-statements.ts';
import type { Remark, StatementRun } from '../run/seed-run.ts';
import { forgottenColumns } from './forgotten-columns.ts';
import { missingValues } from './missing-values.ts';

type Done = Pick<StatementRun, 'matched' | 'changes'>;

/** Remarks for the author of each statement, after all of them have run. */
export async function remarksOn(
  trx: Knex.Transaction,
  statements: readonly SeedStatement[],
  done: readonly Done[],
): Promise<Remark[][]> {
  const forgotten = await forgottenColumns(trx, statements);
  const missing = await missingValues(trx, statements, done);
  return statements.map((_, n): Remark[] => [
    ...(missing[n] ? [{ about: 'nothing matched' as const, missing: missing[n] }] : []),
    ...(forgotten[n]?.length ? [{ about: 'columns forgotten' as const, columns: forgotten[n] }] : []),
  ]);
}
