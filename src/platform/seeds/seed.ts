import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';
import { OperatorError } from '../errors.ts';
import { WITHOUT_TIMEOUT } from '../migrate.ts';
import { actsBy } from '../transaction-way.ts';
import { explainSeedError, explainSeedMistake, isStatementError } from './seed-error.ts';
import { mistakeOfSeed, type SeedCatalog } from './seed-grammar.ts';

export interface Change {
  table: string;
  operation: 'insert' | 'update' | 'delete';
  key: string;
}

/** A lock for the time of a seed, so that processes that start together apply their seeds one after the other. */
const SEED_LOCK = 4_710_002;

/**
 * Applies a file of SQL in one transaction and returns the rows that it really changed: none when it is applied
 * again. The file may hold what `seed-grammar.ts` allows.
 *
 * The file runs inside a function, which takes several statements at once and reports the place of a mistake. It
 * reads `settings` with `current_setting('listo.<name>', true)`.
 *
 * @throws OperatorError that says where and what is wrong and what to do. Nothing of the file is applied then.
 */
export async function applySeed(
  knex: Knex,
  { name, sql, settings = {} }: { name: string; sql: string; settings?: Record<string, string> },
): Promise<Change[]> {
  try {
    return await knex.transaction(async (trx) => {
      await trx.raw(WITHOUT_TIMEOUT);
      const mistake = await mistakeOfSeed(sql, await readCatalog(trx));
      if (mistake) throw new OperatorError(explainSeedMistake(mistake, { name, sql }));
      return run(trx, { name, sql, settings });
    });
  } catch (error) {
    if (!isStatementError(error)) throw error;
    throw new OperatorError(await explainSeedError(knex, error, { name, sql }), { cause: error });
  }
}

/**
 * The text of a seed file.
 * @throws OperatorError when the file is missing, empty or not UTF-8.
 */
export function readSeedFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new OperatorError(unreadable(path, error as NodeJS.ErrnoException), { cause: error });
  }
  const text = decoded(bytes);
  if (text === undefined) throw new OperatorError(`${path} is not UTF-8 text.`);
  if (text.trim() === '') throw new OperatorError(`${path} is empty.`);
  return text;
}

/** The registration tables are those whose changes the trigger `record_registration_change` lists. */
async function readCatalog(knex: Knex): Promise<SeedCatalog> {
  const { rows } = await knex.raw<{ rows: { kind: keyof SeedCatalog; name: string }[] }>(`
    WITH registration AS (SELECT tgrelid AS id FROM pg_trigger WHERE tgname = 'record_change')
    SELECT 'tables' AS kind, relname AS name FROM pg_class WHERE oid IN (SELECT id FROM registration)
    UNION SELECT 'columns', attname FROM pg_attribute WHERE attrelid IN (SELECT id FROM registration)
    UNION SELECT 'callable', proname FROM pg_proc
    UNION SELECT 'callable', typname FROM pg_type`);
  const named = (wanted: string) =>
    new Set(rows.filter(({ kind }) => kind === wanted).map(({ name }) => name));
  return { tables: named('tables'), columns: named('columns'), callable: named('callable') };
}

async function run(
  trx: Knex.Transaction,
  { name, sql, settings }: { name: string; sql: string; settings: Record<string, string> },
): Promise<Change[]> {
  await trx.raw('SELECT pg_advisory_xact_lock(?)', [SEED_LOCK]);
  // The trigger `record_registration_change` fills it.
  await trx.raw(
    'CREATE TEMPORARY TABLE registration_changes (n serial, table_name text, operation text, row_key text) ON COMMIT DROP',
  );
  await trx.raw(
    'CREATE FUNCTION pg_temp.apply_seed(seed text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE seed; END $$',
  );
  await actsBy(trx, `seed ${name}`);
  for (const [key, value] of Object.entries(settings)) {
    await trx.raw('SELECT set_config(?, ?, true)', [`listo.${key}`, value]);
  }
  // The grammar that has read the seed ends a string at each quotation mark. A database can be told otherwise.
  await trx.raw('SET LOCAL standard_conforming_strings = on');
  await trx.raw('SELECT pg_temp.apply_seed(?)', [sql]);
  const changes: Change[] = await trx('registration_changes')
    .orderBy('n')
    .select({ table: 'table_name', operation: 'operation', key: 'row_key' });
  await trx.raw('DROP FUNCTION pg_temp.apply_seed(text)');
  return changes;
}

function unreadable(path: string, { code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `${path} does not exist.`;
  if (code === 'EISDIR') return `${path} is a directory; name a file of SQL.`;
  return `${path} cannot be read (${code}).`;
}

function decoded(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
