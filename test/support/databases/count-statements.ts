import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';

/** Counts the statements that `work` sends, and not those that the jobs of a server send meanwhile. */
export async function countStatements<Result>(
  knex: Knex,
  work: () => Promise<Result>,
): Promise<{ result: Result; statements: number }> {
  const counted = new AsyncLocalStorage<true>();
  let statements = 0;
  const count = () => {
    if (counted.getStore()) statements += 1;
  };
  knex.on('query', count);
  const result = await counted.run(true, work);
  knex.removeListener('query', count);
  return { result, statements };
}

/**
 * Whether a server sends this statement by itself: a job once a second or every few seconds, or behind the requests, for
 * many refusals at once.
 */
export function isOfJobs(sql: string): boolean {
  return /"versions"|FROM deliveries|SELECT clock_timestamp\(\) AS now|INTO refusals|FROM refusals/.test(sql);
}
