/**
 * Writes migrations/schema.txt, the schema after all migrations, so that a review sees the effect of a migration and
 * not only its statements, and docs/tables.md, the same for operators. Run it after changing a migration: npm run schema
 */
import { writeFileSync } from 'node:fs';
import type { Knex } from 'knex';
import { openDatabase } from '../src/platform/database.ts';
import { migrate } from '../src/platform/migrate.ts';
import { describeTables, TABLES_PAGE } from './table-reference.ts';

export const SCHEMA_FILE = new URL('../migrations/schema.txt', import.meta.url);

/** The tables and functions of a database in a form that does not depend on the version of Postgres. */
export async function describeSchema(knex: Knex): Promise<string> {
  const tables = await rowsOf<{ name: string; comment: string | null; lines: string[] }>(knex, TABLES);
  const functions = await rowsOf<{ signature: string }>(knex, FUNCTIONS);
  const blocks = tables.map(({ name, comment, lines }) =>
    [`table ${name}${comment ? `  -- ${comment}` : ''}`, ...lines.map((line) => `  ${line}`)].join('\n'),
  );
  return `${[...blocks, functions.map(({ signature }) => `function ${signature}`).join('\n')].join('\n\n')}\n`;
}

async function rowsOf<T>(knex: Knex, sql: string): Promise<T[]> {
  const { rows } = await knex.raw<{ rows: T[] }>(sql);
  return rows;
}

/**
 * The functions of a database by name, in the form of the files in migrations/functions/: the function, its comment,
 * and the triggers that call it as Postgres writes them.
 */
export async function describeFunctions(knex: Knex): Promise<Record<string, string>> {
  const rows = await rowsOf<DescribedFunction>(knex, FUNCTION_TEXTS);
  const textOf = ({ definition, body, after }: DescribedFunction) => {
    const [header = ''] = definition.split('\nAS $function$');
    const declared = header.replace(' FUNCTION public.', ' FUNCTION ').replaceAll('\n', '');
    return `${[`${declared} AS $$${body}$$`, ...after].join(';\n')};\n`;
  };
  return Object.fromEntries(rows.map((row) => [row.name, textOf(row)]));
}

interface DescribedFunction {
  name: string;
  definition: string;
  body: string;
  /** The statements after the function. */
  after: string[];
}

/** knex keeps its own tables beside ours. Partitions have the schema of their table, and names by the month. */
const TABLES = `
SELECT relname AS name, obj_description(c.oid, 'pg_class') AS comment, ARRAY(
  SELECT concat_ws(' ', attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' END,
                   'default ' || pg_get_expr(adbin, adrelid), ' -- ' || col_description(attrelid, attnum))
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum
) || ARRAY(
  SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'f', 'c', 'x') ORDER BY conname
) || ARRAY(
  SELECT replace(replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), ' ON public.', ' ON ')
  FROM pg_index WHERE indrelid = c.oid AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
  ORDER BY indexrelid::regclass::text COLLATE "C"
) || ARRAY(
  SELECT replace(pg_get_triggerdef(oid), ' ON public.', ' ON ')
  FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY tgname
) AS lines
FROM pg_class c
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'knex%'
ORDER BY relname COLLATE "C"`;

const FUNCTIONS = `
SELECT concat_ws('  -- ', proname || '(' || pg_get_function_arguments(oid) || ') returns ' || pg_get_function_result(oid),
                 obj_description(oid, 'pg_proc')) AS signature
FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C"`;

const FUNCTION_TEXTS = `
SELECT proname AS name, pg_get_functiondef(p.oid) AS definition, prosrc AS body, ARRAY(
  SELECT format('COMMENT ON FUNCTION %s IS %L', proname, description)
  FROM pg_description WHERE objoid = p.oid AND classoid = 'pg_proc'::regclass
) || ARRAY(
  SELECT pg_get_triggerdef(oid, true)
  FROM pg_trigger WHERE tgfoid = p.oid AND NOT tgisinternal ORDER BY tgrelid::regclass::text COLLATE "C", tgname
) AS after
FROM pg_proc p WHERE pronamespace = 'public'::regnamespace ORDER BY proname COLLATE "C"`;

if (import.meta.main) {
  const database = await openDatabase({ dataDir: undefined });
  await migrate(database);
  writeFileSync(SCHEMA_FILE, await describeSchema(database.knex));
  writeFileSync(TABLES_PAGE, await describeTables(database.knex));
  await database.close();
}
