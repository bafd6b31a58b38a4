import { prepare } from '../../../src/platform/postgres/statements/prepared-statement.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

type Summands = { a: number | string; b: number };

const add = prepare<{ sum: number }, Summands>('test_add', 'SELECT :a::integer + :b::integer AS sum');
const NAMES = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'test\\_add\\_%'";

describe('a prepared statement', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await openTestDatabase();
  });
  afterEach(() => database.close());

  it('is planned once for a connection, and used again', async () => {
    expect(await add(database.knex, { a: 1, b: 2 })).toEqual({ rows: [{ sum: 3 }], rowCount: 1 });
    expect((await add(database.knex, { a: 2, b: 3 })).rows).toEqual([{ sum: 5 }]);
    expect((await database.knex.raw(NAMES)).rows).toEqual([
      { name: expect.stringMatching(/^test_add_[0-9a-f]{12}$/) },
    ]);
  });

  it('has another name in a release whose statement differs, so that behind a pooler neither is taken for the other', async () => {
    const ofNextRelease = prepare<{ sum: number }, Summands>(
      'test_add',
      'SELECT :a::integer + :b::integer + 0 AS sum',
    );
    await database.knex.transaction(async () => undefined);
    expect((await add(database.knex, { a: 1, b: 2 })).rows).toEqual([{ sum: 3 }]);
    expect((await ofNextRelease(database.knex, { a: 1, b: 2 })).rows).toEqual([{ sum: 3 }]);
    expect((await database.knex.raw(NAMES)).rows).toHaveLength(2);
  });

  it('gives up its name where a pooler gives it another connection, and answers all the same', async () => {
    await add(database.knex, { a: 1, b: 2 });
    // In transaction mode, a pooler may give us another connection, which does not know the names.
    await database.knex.raw('DEALLOCATE ALL');
    expect((await add(database.knex, { a: 2, b: 3 })).rows).toEqual([{ sum: 5 }]);
    expect((await add(database.knex, { a: 3, b: 4 })).rows).toEqual([{ sum: 7 }]);
    expect((await database.knex.raw(NAMES)).rows).toEqual([]);
  });

  it('is planned anew after a migration that changes what it answers, under its name', async () => {
    await database.knex.raw('CREATE TABLE grows (a integer)');
    const all = prepare<Record<string, number>, { a: number }>(
      'test_add',
      'SELECT * FROM grows WHERE a >= :a::integer',
    );
    await all(database.knex, { a: 0 });
    await database.knex.raw('ALTER TABLE grows ADD COLUMN b integer DEFAULT 2');
    await database.knex.raw('INSERT INTO grows VALUES (1)');
    for (let n = 0; n < 3; n += 1)
      expect((await all(database.knex, { a: 0 })).rows).toEqual([{ a: 1, b: 2 }]);
    // Names are still in use.
    await add(database.knex, { a: 1, b: 2 });
    expect((await database.knex.raw(NAMES)).rows).toHaveLength(2);
  });

  it('is an ordinary one inside a transaction, and its errors are those of Postgres', async () => {
    await database.knex.transaction(async (trx) => {
      expect((await add(trx, { a: 1, b: 2 })).rows).toEqual([{ sum: 3 }]);
    });
    await expect(add(database.knex, { a: 'one', b: 2 })).rejects.toMatchObject({ code: '22P02' });
    expect((await add(database.knex, { a: 1, b: 2 })).rows).toEqual([{ sum: 3 }]);
  });
});
