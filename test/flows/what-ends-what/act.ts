import { runJob } from '../../support/run-job.ts';
import type { TestServer } from '../../support/test-server.ts';
import type { World } from './world.ts';

/** Makes the event of a line happen. `sql` applies the statement of the line. */
export type Act = (
  world: World,
  sql: (...values: string[]) => Promise<void>,
  afterwards: Afterwards,
) => Promise<unknown>;

/** Takes what is to be done when the test is over. */
export type Afterwards = (work: () => Promise<void>) => void;

/** By the first column of the table. */
export type Acts = Record<string, Act>;

/** What a process does within a second. */
export function noticeChanges(server: TestServer): Promise<void> {
  return runJob(server, 'watch-versions');
}

/** Applies a statement as it stands in the document, with a value in the place of each '…'. */
export async function applySql({ server }: World, sql: string, values: readonly string[]): Promise<void> {
  expect(sql.match(/'…'/g) ?? []).toHaveLength(values.length);
  await server.database.knex.raw(sql.replaceAll("'…'", '?'), [...values]);
}
