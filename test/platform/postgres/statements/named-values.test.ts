import { nameValues } from '../../../../src/platform/postgres/statements/named-values.ts';
import { prepare } from '../../../../src/platform/postgres/statements/prepared-statement.ts';
import { openTestDatabase, type TestDatabase } from '../../../support/databases/test-database.ts';

describe('the values of a statement', () => {
  const place = (sql: string) => nameValues('a_statement', sql).text;

  it('are numbered by their names, the same name with the same number', () => {
    const { text, numbered, raw } = nameValues<{ id: string; at: number }>(
      'find_it',
      'SELECT :at FROM a JOIN b ON a.id = :id AND b.id = :id',
    );
    expect(text).toBe('SELECT $1 FROM a JOIN b ON a.id = $2 AND b.id = $2');
    expect(numbered({ id: 'ada', at: 7 })).toEqual([7, 'ada']);
    expect(raw({ id: 'ada', at: 7 })).toEqual([
      'SELECT ? FROM a JOIN b ON a.id = ? AND b.id = ?',
      [7, 'ada', 'ada'],
    ]);
  });

  it('are not what follows a cast, nor what stands in a text, a quoted name or a comment', () => {
    expect(place('SELECT :id::jsonb, :at ::text, now()::date')).toBe(
      'SELECT $1::jsonb, $2 ::text, now()::date',
    );
    expect(place("SELECT ':id', 'it''s :id', :id")).toBe("SELECT ':id', 'it''s :id', $1");
    expect(place('SELECT 1 AS ":id", :id')).toBe('SELECT 1 AS ":id", $1');
    expect(place('SELECT 1 -- of :id\n, :id')).toBe('SELECT 1 -- of :id\n, $1');
    expect(place('SELECT make_interval(secs => :seconds)')).toBe('SELECT make_interval(secs => $1)');
  });

  it('leave question marks to the operators of jsonb', () => {
    const { text, raw } = nameValues('has_it', "SELECT payload ? 'nonce', :id FROM a");
    expect(text).toBe("SELECT payload ? 'nonce', $1 FROM a");
    expect(raw({ id: 'ada' })).toEqual(["SELECT payload \\? 'nonce', ? FROM a", ['ada']]);
  });

  it('are refused when one is missing, and when one has no place', () => {
    const { numbered, raw } = nameValues<object>('find_it', 'SELECT :id, :at');
    const missing = 'The statement find_it needs a value for "at".';
    for (const values of [{ id: 'ada' }, { id: 'ada', at: undefined }]) {
      expect(() => numbered(values)).toThrow(missing);
      expect(() => raw(values)).toThrow(missing);
    }
    const unused = 'The statement find_it has no place for the value "name".';
    expect(() => numbered({ id: 'ada', at: null, name: 'Ada' })).toThrow(unused);
    expect(() => raw({ id: 'ada', at: null, name: 'Ada' })).toThrow(unused);
  });
});

describe('a statement with named values', () => {
  const hasMember = prepare<{ has: boolean; echo: string }, { payload: string; echo: string | null }>(
    'test_has_member',
    "SELECT :payload::jsonb ? 'nonce' AS has, :echo::text AS echo, :payload::jsonb AS again",
  );
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  it('answers the same on its own and inside a transaction', async () => {
    const payload = { nonce: 'n' };
    const values = { payload: JSON.stringify(payload), echo: 'it’s :payload?' };
    const rows = [{ has: true, echo: values.echo, again: payload }];
    expect((await hasMember(database.knex, values)).rows).toEqual(rows);
    await database.knex.transaction(async (trx) => {
      expect((await hasMember(trx, values)).rows).toEqual(rows);
    });
    expect((await hasMember(database.knex, { ...values, echo: null })).rows).toMatchObject([{ echo: null }]);
  });

  it('is not sent when a value is missing', async () => {
    const values = { payload: '{}' } as { payload: string; echo: string };
    await expect(hasMember(database.knex, values)).rejects.toThrow(
      'The statement test_has_member needs a value for "echo".',
    );
  });
});
