import type { Remark, StatementRun } from '../run/seed-run.ts';

/** Sentences about a statement that found nothing, or less than it names. */
export function unmatchedInWords(remark: Remark, { kind, table }: StatementRun): string[] {
  if (remark.about !== 'nothing matched') return [];
  if (remark.missing.length === 0) return [`No row of ${table} meets the condition of this ${kind}.`];
  return remark.missing.map(({ column, value, nearest }) => {
    const perhaps = nearest === undefined ? '' : `; perhaps ${nearest} is meant`;
    return `No row of ${table} has the ${column} ${value}${perhaps}.`;
  });
}
