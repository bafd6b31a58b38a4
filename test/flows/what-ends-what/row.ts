import { runJob } from '../../support/run-job.ts';
import type { TestServer } from '../../support/test-server.ts';
import { lineOf } from './document.ts';
import { stateOf, stateSaidBy } from './state.ts';
import { aWorld, type Neighbour, type World } from './world.ts';

/** Makes it happen. `sql` applies the statement of the line. */
type Act = (world: World, sql: (...values: string[]) => Promise<void>) => Promise<unknown>;

/** A test named as a line of the table: after `act`, what the line says has ended has, and everything else is alive. */
export type Row = (what: string, act: Act) => void;

export function rowsOn(server: () => TestServer, neighbour: () => Neighbour, tested: string[]): Row {
  return (what, act) => {
    tested.push(what);
    it(what, async () => {
      const line = lineOf(what);
      const world = await aWorld(server(), neighbour());
      await act(world, (...values) => applySql(world, line.sql, values));
      await noticeChanges(server());
      expect(await stateOf(world)).toEqual(stateSaidBy(line));
    });
  };
}

/** What a process does within a second. */
export function noticeChanges(server: TestServer): Promise<void> {
  return runJob(server, 'watch-versions');
}

/** Applies a statement as it stands in the document, with a value in the place of each '…'. */
async function applySql({ server }: World, sql: string, values: readonly string[]): Promise<void> {
  expect(sql.match(/'…'/g) ?? []).toHaveLength(values.length);
  await server.database.knex.raw(sql.replaceAll("'…'", '?'), [...values]);
}
