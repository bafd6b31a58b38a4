import { runJob } from '../../support/servers/run-job.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import type { World } from './world.ts';

/** Makes the event of a table row happen. `sql` applies the row's statement. */
export type Act = (
  world: World,
  sql: (...values: string[]) => Promise<void>,
  afterwards: Afterwards,
) => Promise<unknown>;

/** Registers work for the end of the test. */
export type Afterwards = (work: () => Promise<void>) => void;

/** By the table's first column. */
export type Acts = Record<string, Act>;

/** A process does this within a second. */
export function noticeChanges(server: TestServer): Promise<void> {
  return runJob(server, 'watch-versions');
}

/** Applies a statement exactly as in the document, with a value for each '…'. */
export async function applySql({ server }: World, sql: string, values: readonly string[]): Promise<void> {
  expect(sql.match(/'…'/g) ?? []).toHaveLength(values.length);
  await server.database.knex.raw(sql.replaceAll("'…'", '?'), [...values]);
}
