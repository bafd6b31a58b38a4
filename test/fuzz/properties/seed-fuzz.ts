import fc from 'fast-check';
import type { Knex } from 'knex';
import { OperatorError } from '../../../src/platform/errors.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import type { TestDatabase } from '../../support/databases/test-database.ts';
import type { Property } from '../property.ts';
import { STACK, type Watch } from '../watch.ts';

const words = (text: string) => fc.constantFrom(...text.split(/\s+/).filter(Boolean));

const TABLES =
  words(`instances people clients client_secrets listnr_clients worker_ids user_records upstream_providers
  sessions signing_keys pg_class pg_authid public.people information_schema.tables versions nothing a`);
const COLUMNS = words(
  'id name instance_id person_id client_id digest disabled_at scopes email a b * ctid tableoid',
);
const FUNCTIONS =
  words(`lower upper coalesce now count length concat md5 array_agg current_setting gen_random_uuid random
  pg_sleep set_config pg_read_file lo_import dblink query_to_xml pg_terminate_backend nextval pg_advisory_lock lower.x
  pg_catalog.lower public.refuse_registration`);
const TYPES = words('text int uuid jsonb timestamptz regclass regproc xml text[] bigint evil.type');
const LITERALS = fc.constantFrom(
  ...[
    "'a'",
    "'demo'",
    '1',
    '0',
    '-1',
    '1e9999',
    'NULL',
    'true',
    "'{a,b}'",
    'ARRAY[1,2]',
    '$$a$$',
    "E'\\\\x00'",
    "U&'\\d800'",
  ],
  ...[
    '\'{"a":[1]}\'',
    "'2020-01-01'",
    'DEFAULT',
    "B'1'",
    "X'FF'",
    "'infinity'",
    '99999999999999999999',
    "''",
  ],
);

const { expression, query } = fc.letrec<{ expression: string; query: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    LITERALS,
    COLUMNS,
    fc.tuple(FUNCTIONS, tie('expression')).map(([name, of]) => `${name}(${of})`),
    fc
      .tuple(tie('expression'), words('+ = || < ~ IS -> OPERATOR(pg_catalog.+) AND'), tie('expression'))
      .map((parts) => `(${parts.join(' ')})`),
    fc.tuple(tie('expression'), TYPES).map(([of, type]) => `(${of})::${type}`),
    tie('query').map((inner) => `(${inner})`),
    tie('query').map((inner) => `EXISTS (${inner})`),
    fc.tuple(tie('expression'), COLUMNS).map(([of, field]) => `(${of}).${field}`),
    tie('expression').map((of) => `CASE WHEN ${of} THEN 1 ELSE 2 END`),
  ),
  query: fc.oneof(
    { depthSize: 'small' },
    tie('expression').map((of) => `SELECT ${of}`),
    fc
      .tuple(tie('expression'), TABLES, tie('expression'))
      .map(([of, from, where]) => `SELECT ${of} FROM ${from} WHERE ${where}`),
    fc.tuple(tie('query'), tie('query')).map((both) => both.join(' UNION ')),
    fc.tuple(tie('query'), tie('query')).map(([inner, outer]) => `WITH a AS (${inner}) ${outer}`),
    fc.tuple(tie('expression'), TABLES).map(([of, into]) => `SELECT ${of} INTO ${into}`),
    tie('expression').map((of) => `VALUES (${of}, 1)`),
  ),
}));

const statement = fc.oneof(
  query,
  fc
    .tuple(TABLES, COLUMNS, expression, words(';RETURNING_* ;ON_CONFLICT_DO_NOTHING ;'))
    .map(
      ([table, column, of, end]) =>
        `INSERT INTO ${table} (${column}) VALUES (${of})${end.replaceAll('_', ' ').replace(';', ' ')}`,
    ),
  fc.tuple(TABLES, query).map(([table, from]) => `INSERT INTO ${table} ${from}`),
  fc
    .tuple(TABLES, COLUMNS, expression, expression)
    .map(([table, column, of, where]) => `UPDATE ${table} SET ${column} = ${of} WHERE ${where}`),
  fc.tuple(TABLES, expression).map(([table, where]) => `DELETE FROM ${table} WHERE ${where}`),
  fc
    .tuple(TABLES, query, expression)
    .map(([table, from, on]) => `MERGE INTO ${table} USING (${from}) s ON ${on} WHEN MATCHED THEN DELETE`),
  fc
    .tuple(TABLES, query, query)
    .map(([table, inner, outer]) => `WITH a AS (DELETE FROM ${table} RETURNING *), b AS (${inner}) ${outer}`),
  fc.tuple(TABLES, query).map(([table, of]) => `EXPLAIN ANALYZE DELETE FROM ${table}; ${of}`),
  fc
    .tuple(
      words(
        'TRUNCATE DROP_TABLE LOCK ALTER_TABLE COPY ANALYZE VACUUM GRANT_SELECT_ON CREATE_TABLE REFRESH CALL DO SET LISTEN COMMENT_ON_TABLE',
      ),
      TABLES,
    )
    .map(([what, table]) => `${what.replaceAll('_', ' ')} ${table}`),
  words('BEGIN COMMIT ROLLBACK SAVEPOINT_a END DISCARD_ALL RESET_ALL').map((what) =>
    what.replaceAll('_', ' '),
  ),
);

const text = fc.letrec<{ text: string; truth: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      "'a'",
      "'demo'",
      "'Ada'",
      "U&'\\00e9'",
      "E'\\t'",
      "repeat('x', 300)",
      "'\u202e'",
      'gen_random_uuid()::text',
    ),
    fc
      .tuple(words('lower upper btrim md5 initcap reverse'), tie('text'))
      .map(([name, of]) => `${name}(${of})`),
    fc.tuple(tie('text'), tie('text')).map(([one, other]) => `${one} || ${other}`),
    tie('text').map((of) => `coalesce(NULL, ${of})`),
    fc.tuple(tie('truth'), tie('text')).map(([when, of]) => `CASE WHEN ${when} THEN ${of} ELSE 'b' END`),
    tie('text').map((of) => `(SELECT min(name) || ${of} FROM clients)`),
  ),
  truth: fc.oneof(
    { depthSize: 'small' },
    words('true false NULL'),
    fc
      .tuple(tie('text'), words('= <> < LIKE ~ IS_DISTINCT_FROM'), tie('text'))
      .map(([one, how, other]) => `${one} ${how.replaceAll('_', ' ')} ${other}`),
    fc.tuple(tie('truth'), words('AND OR'), tie('truth')).map((parts) => `(${parts.join(' ')})`),
    tie('truth').map((of) => `NOT (${of})`),
    tie('text').map((of) => `EXISTS (SELECT FROM people WHERE name = ${of})`),
  ),
}));

/** Statements that register, or are refused only for what they register. */
const registering = fc.oneof(
  fc
    .tuple(text.text, text.text)
    .map(([id, name]) => `INSERT INTO instances (id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`),
  fc
    .tuple(text.text, text.text)
    .map(([id, name]) => `INSERT INTO people (id, instance_id, name) VALUES (${id}, 'demo', ${name})`),
  fc.tuple(text.text, text.truth).map(([name, where]) => `UPDATE clients SET name = ${name} WHERE ${where}`),
  fc
    .tuple(words('worker_ids user_records people clients instances listnr_clients'), text.truth)
    .map(([table, where]) => `DELETE FROM ${table} WHERE ${where}`),
  fc
    .tuple(text.text, text.truth)
    .map(
      ([name, on]) =>
        `MERGE INTO people p USING (SELECT ${name} AS n) s ON ${on} WHEN MATCHED THEN UPDATE SET name = s.n`,
    ),
  fc
    .tuple(text.text, text.truth)
    .map(
      ([name, where]) =>
        `WITH a AS (UPDATE people SET disabled_at = now() WHERE ${where} RETURNING id) INSERT INTO worker_ids SELECT id, ${name} FROM a`,
    ),
  fc.tuple(text.text, text.truth).map(([of, where]) => `SELECT ${of} WHERE ${where}`),
);

const noise = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('--', '/*', '*/', "'", '"', '$$', '$a$', ';;', '\\', ')', '(', '\u202e', 'é'),
  },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).map((word) => word.replaceAll('\0', '')),
  },
);

const seed = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.tuple(registering, fc.constant('')) },
      { weight: 1, arbitrary: fc.tuple(statement, noise) },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((all) => all.map((pair) => pair.join(' ')).join(';\n'));

/** A seed changes registrations or is refused with a sentence, and changes nothing else in either case. */
export function seedsOnlyRegister(database: TestDatabase, watch: Pick<Watch, 'count'>): Property {
  return {
    name: 'seeds',
    property: fc.asyncProperty(seed, async (sql) => {
      const undo = new Error('undo');
      const work = database.knex.transaction(async (trx) => {
        const before = await everythingElse(trx);
        const refusal = await applySeed(trx, {
          name: 'fuzz.sql',
          sql,
          settings: { issuer: 'https://a.example' },
        }).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (refusal !== undefined) checkRefusal(refusal);
        watch.count('seed', refusal ? 1 : 0);
        const after = await everythingElse(trx);
        if (after !== before) throw new Error(`The seed changed something else:\n${before}\n${after}`);
        throw undo;
      });
      await work.catch((error) => {
        if (error !== undo) throw error;
      });
    }),
  };
}

function checkRefusal(error: unknown): void {
  if (!(error instanceof OperatorError)) throw error;
  if (!/^fuzz\.sql.*: ./.test(error.message) || STACK.test(error.message.replace(/"[^"]*"/g, '')))
    throw new Error(`The refusal does not help: ${error.message}`);
}

/** The schema, the settings, and the rows of tables in which no seed registers. */
async function everythingElse(trx: Knex): Promise<string> {
  const { rows } = await trx.raw(`
    SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname !~ '^pg_(toast_|)temp') AS classes,
      (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname !~ '^pg_(toast_|)temp') AS functions,
      (SELECT string_agg(tgname::text || tgenabled::text, ',' ORDER BY oid) FROM pg_trigger) AS triggers,
      (SELECT string_agg(rolname::text, ',' ORDER BY oid) FROM pg_roles) AS roles,
      (SELECT md5(string_agg(k::text, ',')) FROM signing_keys k) AS keys,
      (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM grants) AS grants,
      (SELECT count(*) FROM job_locks) AS locks,
      current_setting('session_replication_role') AS replication, current_setting('search_path') AS path, current_user AS who`);
  return JSON.stringify(rows[0]);
}
