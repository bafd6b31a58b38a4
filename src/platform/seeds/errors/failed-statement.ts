/** An error of Postgres inside the function that runs the statements of a seed one after the other. */
interface Failed {
  /** The calls that led to it, the innermost first, as Postgres writes them. */
  where?: string;
}

/**
 * The number of the statement that failed, from 1; 0 where nobody knows. Each statement runs inside a call of its own,
 * which Postgres repeats as it is written, in any language, and behind whatever the statement holds.
 */
export function numberOfStatement(error: unknown): number {
  const { where = '' } = (error ?? {}) as Failed;
  const calls = [...where.matchAll(/SELECT pg_temp\.run_seed\((\d+)\)/g)];
  return Number(calls.at(-1)?.[1] ?? 0);
}
