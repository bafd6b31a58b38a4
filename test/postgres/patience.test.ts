import { openDatabase } from '../../src/platform/database.ts';
import { openTestDatabase, type TestDatabase } from '../support/test-database.ts';

describe('the time that a statement may take', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await openTestDatabase();
  });
  afterAll(() => test.close());

  it('is limited for requests by Postgres itself, and not for migrations', async () => {
    const database = await openDatabase({ url: test.url ?? '', poolSize: 2, limits: { statementMs: 50 } });
    const slow = "SELECT 'done' AS state FROM pg_sleep(0.3)";
    await expect(database.knex.raw(slow)).rejects.toMatchObject({ code: '57014' });
    const { rows } = await database.patiently((knex) => knex.raw(slow));
    expect(rows).toEqual([{ state: 'done' }]);
    await database.close();
  });
});
