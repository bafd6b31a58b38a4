import { readSeed } from '../../../src/platform/seeds/grammar/seed-grammar.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

const CATALOG = {
  tables: new Set(['people', 'clients', 'instances']),
  columns: new Set(['id', 'name', 'instance_id', 'digest']),
  callable: new Set([
    'pg_sleep',
    'pg_read_file',
    'row_to_json',
    'to_json',
    'regclass',
    'people',
    'digest',
    'name',
  ]),
};
const ONLY = 'only INSERT, UPDATE, DELETE, MERGE, SELECT and WITH';
const KNOWN = 'only clients, instances, people';

async function mistakeIn(sql: string, catalog: typeof CATALOG) {
  const read = await readSeed(sql, catalog);
  return 'mistake' in read ? read.mistake : undefined;
}

async function sentenceOf(sql: string): Promise<string | undefined> {
  return (await mistakeIn(sql, CATALOG))?.sentence;
}

describe('a seed may hold', () => {
  it.each([
    "INSERT INTO people (id) VALUES ('a'), (DEFAULT) ON CONFLICT (id) DO UPDATE SET name = excluded.name || '!'",
    "INSERT INTO public.clients (scopes) SELECT ARRAY(SELECT DISTINCT unnest(ARRAY['a', lower('B')])) RETURNING id",
    "UPDATE people SET (name, email) = (SELECT c.name, 'x' FROM clients c LIMIT 1), disabled_at = now() - interval '1 day' FROM instances i WHERE i.id = people.instance_id",
    'DELETE FROM people USING instances i WHERE NOT EXISTS (SELECT FROM clients c WHERE c.instance_id = i.id)',
    'MERGE INTO people p USING (SELECT * FROM clients) c ON p.id = c.id WHEN MATCHED AND c.id IS NULL THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (c.id)',
    "SELECT CASE WHEN coalesce(current_setting('listo.issuer', true), '') = '' THEN 1 ELSE 2 END",
    "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3), m AS (SELECT * FROM n) INSERT INTO people (id) SELECT 'p' || i FROM m",
    "WITH gone AS (DELETE FROM people RETURNING id) SELECT count(*) FILTER (WHERE id LIKE 'a%') OVER () FROM gone",
    '(WITH a AS (SELECT 1 AS x) SELECT x FROM a) UNION SELECT n FROM generate_series(1, 3) AS n ORDER BY 1',
    "SELECT x.key, jsonb_set('{}', '{a}', '1')::text FROM jsonb_each('{}'::jsonb) AS x; VALUES (trim(' a '), extract(year FROM now()), ('{a}'::text[])[1]);",
    'SELECT p.row_to_json, x.to_json, excluded.digest, x.mine FROM people p, generate_series(1, 1) AS x',
    'TABLE people;;',
    '-- nothing but a comment',
  ])('%s', async (sql) => {
    expect(await mistakeIn(sql, CATALOG)).toBeUndefined();
  });
});

describe('a seed may not hold', () => {
  it.each([
    ...[
      'TRUNCATE people',
      'DROP TABLE people',
      'CREATE TABLE people_2 ()',
      'CREATE TABLE c AS SELECT 1',
      'ALTER TABLE people DISABLE TRIGGER ALL',
      'DO $$ BEGIN TRUNCATE people; END $$',
      "SET session_replication_role = 'replica'",
      'GRANT ALL ON people TO public',
      "COPY people TO PROGRAM 'sh'",
      'CALL anything()',
      'EXPLAIN ANALYZE DELETE FROM people',
      'PREPARE p AS DELETE FROM people',
      'LOCK people',
      'VACUUM',
      'NOTIFY a',
      'COMMIT',
    ].map((sql) => [sql, `a seed may not contain ${/\w+/.exec(sql)?.[0]}, ${ONLY}`]),
    ['SELECT * INTO copy FROM people', 'a seed may not contain SELECT INTO, which makes a table'],
    ['SELECT * FROM people FOR UPDATE', 'a seed may not contain this (LockingClause)'],
    ['SELECT * FROM people TABLESAMPLE system (1)', 'a seed may not contain this (RangeTableSample)'],
    ['DELETE FROM people WHERE CURRENT OF c', 'a seed may not contain this (CurrentOfExpr)'],
    ['SELECT $1', 'a seed may not contain this (ParamRef)'],
    // Tables, at every place where one can stand.
    ...[
      ['DELETE FROM grants', 'grants'],
      ['INSERT INTO versions VALUES (1)', 'versions'],
      ['UPDATE people SET name = s.uid FROM sessions s', 'sessions'],
      ['DELETE FROM people USING sessions', 'sessions'],
      ['MERGE INTO people USING sessions ON true WHEN MATCHED THEN DELETE', 'sessions'],
      ['MERGE INTO sessions USING people ON true WHEN MATCHED THEN DELETE', 'sessions'],
      ['SELECT (SELECT rolpassword FROM pg_authid LIMIT 1)', 'pg_authid'],
      ['INSERT INTO people SELECT FROM people JOIN signing_keys ON true', 'signing_keys'],
      ['WITH gone AS (DELETE FROM sessions RETURNING 1) SELECT 1', 'sessions'],
      ['SELECT 1 UNION (WITH gone AS (DELETE FROM sessions RETURNING 1) SELECT 1)', 'sessions'],
      [
        'INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = (SELECT uid FROM sessions)',
        'sessions',
      ],
      ['DELETE FROM pg_temp.people', 'pg_temp.people'],
      ['DELETE FROM other.public.people', 'other.public.people'],
      // A WITH query is known by its name only where it can be read.
      ['SELECT FROM (WITH grants AS (SELECT 1) SELECT FROM grants) g, grants', 'grants'],
      ['WITH a AS (SELECT FROM grants), grants AS (SELECT 1) SELECT FROM a', 'grants'],
      ['WITH grants AS (SELECT 1) DELETE FROM grants', 'grants'],
      ['WITH "pg_catalog.pg_authid" AS (SELECT 1) SELECT FROM pg_catalog.pg_authid', 'pg_catalog.pg_authid'],
    ].map(([sql, table]) => [sql, `a seed may not use the table ${table}, ${KNOWN}`]),
    // Functions, types and operators.
    ...[
      'pg_sleep(9)',
      "set_config('a', 'b', false)",
      "pg_notify('a', 'b')",
      "query_to_xml('DROP TABLE people', true, true, '')",
      'pg_catalog.pg_terminate_backend(1)',
      "lo_import('/etc/passwd')",
      "nextval('s')",
      'pg_advisory_lock(1)',
      'end_session()',
      'public.lower(1)',
      'pg_temp.apply_seed(1)',
    ].flatMap((call) => {
      const sentence = `a seed may not use the function ${/^[\w.]+/.exec(call)?.[0]}`;
      return [
        [`SELECT ${call}`, sentence],
        [`INSERT INTO people (id) SELECT 1 FROM people ORDER BY ${call}`, sentence],
        [`WITH a AS (SELECT 1 FROM ${call} AS x) DELETE FROM people WHERE id IN (SELECT 1 FROM a)`, sentence],
      ];
    }),
    ["SELECT 'pg_authid'::regclass", 'a seed may not use the type regclass'],
    ["SELECT 'a'::public.text", 'a seed may not use the type public.text'],
    ['SELECT 1 OPERATOR(public.+) 1', 'a seed may not use the operator public.+'],
    [
      'SELECT FROM people WHERE id OPERATOR(public.=) ANY (SELECT id FROM clients)',
      'a seed may not use the operator public.=',
    ],
    [
      'SELECT id FROM people ORDER BY id USING OPERATOR(public.<)',
      'a seed may not use the operator public.<',
    ],
    // Where there is no such column, this calls a function or casts.
    ...['x.pg_sleep', 'x.regclass', 'x.people', 'public.x.pg_read_file'].map((column) => [
      `SELECT ${column} FROM generate_series(1, 1) AS x`,
      `a seed may not read ${column}, because ${column.split('.').at(-1)} is also a function or type: give the column another name`,
    ]),
    [
      'UPDATE people SET name = x.pg_sleep FROM generate_series(1, 1) AS x',
      'a seed may not read x.pg_sleep, because pg_sleep is also a function or type: give the column another name',
    ],
    ['SELECT (0.1::float8).pg_sleep', 'a seed may not read the field pg_sleep of a value'],
    ['SELECT 1 FROM', 'syntax error at end of input'],
  ])('%s', async (sql, sentence) => {
    expect(await sentenceOf(sql ?? '')).toBe(sentence);
  });

  it.each([
    ['brackets', `SELECT ${'('.repeat(100_000)}1`, 'memory exhausted at or near "("'],
    ['operators', `SELECT ${'1 + '.repeat(100_000)}1`, 'the statements are nested too deeply'],
  ])('more levels than can be read: %s', async (_of, sql, sentence) => {
    expect(await sentenceOf(sql)).toBe(sentence);
    expect(await sentenceOf('SELECT 1')).toBeUndefined();
  });

  it('and the mistake has a place, in characters', async () => {
    expect(await mistakeIn("SELECT 'é😀'; -- a comment\n  SELECT lower(pg_sleep(1))", CATALOG)).toEqual({
      sentence: 'a seed may not use the function pg_sleep',
      offset: 41,
      hint: 'A seed registers, and does nothing else. Use psql for other statements.',
    });
  });
});

describe('the functions of a seed', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  it('change nothing: Postgres itself calls none of them volatile but for times and random values', async () => {
    const { FUNCTIONS } = await import('../../../src/platform/seeds/grammar/seed-vocabulary.ts');
    const { rows } = await database.knex.raw<{ rows: { proname: string }[] }>(
      "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' AND proname = ANY (?) ORDER BY 1",
      [[...FUNCTIONS]],
    );
    // Postgres knows uuidv4 and uuidv7 from version 18 on.
    const harmless = ['clock_timestamp', 'gen_random_uuid', 'random', 'uuidv4', 'uuidv7'];
    const names = rows.map(({ proname }) => proname);
    expect(names).toEqual(expect.arrayContaining(['clock_timestamp', 'gen_random_uuid', 'random']));
    expect(names.filter((name) => !harmless.includes(name))).toEqual([]);
  });
});
