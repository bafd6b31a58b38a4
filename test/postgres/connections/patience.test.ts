import { openDatabase } from '../../../src/platform/database.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

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

  it('is unlimited on one connection, whose end is that of the database', async () => {
    const database = await openDatabase({ url: test.url ?? '', poolSize: 2 });
    const pidOf = async () => {
      const { rows } = await database.patiently((knex) => knex.raw('SELECT pg_backend_pid() AS pid'));
      return rows[0].pid;
    };
    expect(await pidOf()).toBe(await pidOf());
    await database.close();
  });

  it('is lifted by migrations and seeds where the role has one', async () => {
    const url = new URL(test.url ?? '');
    await test.knex.raw("CREATE ROLE hurried LOGIN SUPERUSER PASSWORD 'hurried'");
    await test.knex.raw("ALTER ROLE hurried SET statement_timeout = '50ms'");
    url.username = url.password = 'hurried';
    const database = await openDatabase({ url: url.href, poolSize: 2, patient: true });
    const slow = 'SELECT count(*) FROM generate_series(1, 3000000)';
    await expect(database.knex.raw(slow)).rejects.toMatchObject({ code: '57014' });
    expect(await applySeed(database.knex, { name: 'slow.sql', sql: slow })).toEqual([]);
    await database.close();
    await test.knex.raw('DROP ROLE hurried');
  });
});
