/** The values of several executions of one statement, as a list for each name. */
export interface ValueLists<Values> {
  /** A common table expression `asked`: a row for each execution, with a column for each name, and its `place` from 1. */
  readonly asked: string;
  /** The column of a name in that table, or in one made from it. */
  column(table: string, name: keyof Values & string): string;
  /** The lists, under the names in the statement. */
  of(executions: readonly Values[]): Record<string, unknown[]>;
}

/** `types` are those of Postgres. */
export function valueLists<Values extends object>(
  types: Readonly<Record<keyof Values & string, string>>,
): ValueLists<Values> {
  const names = Object.keys(types) as (keyof Values & string)[];
  const lists = names.map((name) => `:${name}::${types[name]}[]`).join(', ');
  const columns = names.map((name) => `"${name}"`).join(', ');
  return {
    asked: `asked AS (SELECT * FROM unnest(${lists}) WITH ORDINALITY AS lists (${columns}, place))`,
    column: (table, name) => `${table}."${name}"`,
    of: (executions) =>
      Object.fromEntries(names.map((name) => [name, executions.map((values) => values[name])])),
  };
}

/** Puts rows that have a `place` into the order of the executions. One without a row is undefined. */
export function byPlace<Row extends { place: string }>(
  rows: readonly Row[],
  { length }: readonly unknown[],
): (Row | undefined)[] {
  const known = new Map(rows.map((row) => [Number(row.place), row]));
  return Array.from({ length }, (_, n) => known.get(n + 1));
}
