import type { StatementRun } from '../../platform/seeds/run/seed-run.ts';

/** A line for each list of columns that an INSERT sets and its DO UPDATE forgets, with all its places. */
export function forgottenInWords(file: string, statements: readonly StatementRun[]): string[] {
  const found = statements.flatMap(({ table, line, remarks }) =>
    remarks.flatMap((remark) =>
      remark.about === 'columns forgotten' ? [{ table, line, columns: remark.columns.join(', ') }] : [],
    ),
  );
  const together = Map.groupBy(found, ({ table, columns }) => `${table} ${columns}`);
  return [...together.values()].map(([first, ...others]) => {
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    return `${file}:${first?.line}: INSERT ${first?.table}${more} sets ${first?.columns}, and its DO UPDATE does not: a row that is there keeps its own.`;
  });
}
