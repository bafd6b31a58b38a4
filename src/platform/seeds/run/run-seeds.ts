import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { OperatorError } from '../../errors.ts';
import { actsBy } from '../../transaction-way.ts';
import { explainSeedError, explainSeedMistake, isStatementError } from '../errors/seed-error.ts';
import { readSeed, type SeedCatalog } from '../grammar/seed-grammar.ts';
import type { SeedStatement } from '../grammar/seed-statements.ts';
import { remarksOn } from '../remarks/remarks.ts';
import type { SeedFile } from '../seed-file.ts';
import { readChanges } from './read-changes.ts';
import type { SeedFileRun, SeedRun } from './seed-run.ts';
import { type Stop, Stopped, stoppable } from './stop.ts';

/** How files run. */
export interface RunOptions {
  /** The files read them with `current_setting('listo.<name>', true)`. */
  settings?: Readonly<Record<string, string>>;
  /** After this time, the database ends what runs; 0 or nothing: no limit. */
  timeoutMs?: number;
  /** Ends what runs, when a person at the terminal asks for it. */
  stop?: Stop;
  /** Receives a sentence when another one is applied just now, for which this one waits. */
  say?(sentence: string): void;
  /** Also looks for what the author of a file should know. */
  remarks?: boolean;
}

export interface ApplyOptions extends RunOptions {
  /**
   * Sees what the files did, in the transaction, before it is committed. Nothing is when it throws.
   */
  beforeCommit?(trx: Knex.Transaction, run: SeedRun): Promise<void>;
}

/** A lock for the time of a seed, so that processes that start together apply their seeds one after the other. */
const SEED_LOCK = 4_710_002;

/**
 * After this time without a word of this process, Postgres ends the transaction: somebody suspended the command (Ctrl-Z),
 * or its machine sleeps or is cut off. Its locks would stop sign-ins and other processes.
 */
const SILENCE_SECONDS = 60;

/**
 * Runs files of registrations in one transaction that is rolled back, and answers what they would change: nothing when
 * they are applied already. The files may hold what `seed-grammar.ts` allows.
 *
 * @throws OperatorError that says where and what is wrong and what to do.
 */
export async function rehearseSeeds(
  knex: Knex,
  files: readonly SeedFile[],
  options: RunOptions = {},
): Promise<SeedRun> {
  const rehearsed = new Error('rehearsed');
  let run: SeedRun | undefined;
  await inTransaction(knex, files, options, async (_trx, done) => {
    run = done;
    throw rehearsed;
  }).catch((error) => {
    if (error !== rehearsed) throw error;
  });
  return run ?? { files: [], from: 0, until: 0 };
}

/** The same, and commits. @throws the same. Nothing of any file is applied then. */
export function applySeeds(
  knex: Knex,
  files: readonly SeedFile[],
  { beforeCommit, ...options }: ApplyOptions = {},
): Promise<SeedRun> {
  return inTransaction(knex, files, options, async (trx, run) => beforeCommit?.(trx, run));
}

async function inTransaction(
  knex: Knex,
  files: readonly SeedFile[],
  options: RunOptions,
  beforeEnd: (trx: Knex.Transaction, run: SeedRun) => Promise<void>,
): Promise<SeedRun> {
  const at: { file?: SeedFile; statements?: readonly SeedStatement[] } = {};
  try {
    return await knex.transaction((trx) =>
      stoppable(trx, options, async (limited) => {
        const catalog = await readCatalog(trx);
        const read = [];
        for (const file of files) read.push({ file, statements: await readStatements(file, catalog) });
        await trx.raw(`SET LOCAL idle_in_transaction_session_timeout = '${SILENCE_SECONDS}s'`);
        await limited(() => waitForOthers(trx, options));
        await prepare(trx, options);
        const done: SeedFileRun[] = [];
        for (const { file, statements } of read) {
          Object.assign(at, { file, statements });
          done.push(await limited(() => runFile(trx, file, statements, options)));
        }
        await trx.raw('DROP FUNCTION pg_temp.run_seed(integer), pg_temp.run_seeds()');
        const run = { files: done, ...(await timesOf(trx)) };
        await limited(() => beforeEnd(trx, run));
        return run;
      }),
    );
  } catch (error) {
    if (error instanceof Stopped) throw new OperatorError(error.explain(at), { cause: error });
    if (!isStatementError(error) || !at.file) throw error;
    const text = { ...at.file, statements: at.statements ?? [] };
    throw new OperatorError(await explainSeedError(knex, error, text), { cause: error });
  }
}

async function readStatements(file: SeedFile, catalog: SeedCatalog): Promise<readonly SeedStatement[]> {
  const read = await readSeed(file.sql, catalog);
  if ('mistake' in read) throw new OperatorError(explainSeedMistake(read.mistake, file));
  return read.statements;
}

async function timesOf(trx: Knex.Transaction): Promise<{ from: number; until: number }> {
  const { rows } = await trx.raw(
    `SELECT floor(extract(epoch FROM now()) * 1000)::float AS "from",
       ceil(extract(epoch FROM clock_timestamp()) * 1000)::float AS until`,
  );
  return rows[0];
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

async function waitForOthers(trx: Knex.Transaction, { say }: RunOptions): Promise<void> {
  const { rows } = await trx.raw('SELECT pg_try_advisory_xact_lock(?) AS free', [SEED_LOCK]);
  if (rows[0].free) return;
  say?.('Another process applies registrations just now; this one waits for it.');
  await trx.raw('SELECT pg_advisory_xact_lock(?)', [SEED_LOCK]);
}

/**
 * All statements of a file run in one call of a function, so that a distant database makes no difference. Each has its
 * own EXECUTE, which counts its rows and reports the place of a mistake in it.
 */
async function prepare(trx: Knex.Transaction, { settings = {} }: RunOptions): Promise<void> {
  // The trigger `record_registration_change` fills planned_changes.
  await trx.raw(`
    CREATE TEMPORARY TABLE planned_changes (
      n bigint GENERATED ALWAYS AS IDENTITY,
      statement integer DEFAULT current_setting('listo.seed_statement')::integer,
      table_name text, operation text, key_columns text[], old jsonb, new jsonb
    ) ON COMMIT DROP;
    CREATE TEMPORARY TABLE seed_statements (n integer PRIMARY KEY, kind text, sql text, matched bigint) ON COMMIT DROP;
    CREATE TEMPORARY TABLE seed_gone (statement integer, table_name text, number bigint) ON COMMIT DROP;
    CREATE FUNCTION pg_temp.run_seed(number integer) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE found bigint; statement text; kind text;
    BEGIN
      IF clock_timestamp() > current_setting('listo.seed_until')::timestamptz THEN
        RAISE EXCEPTION USING ERRCODE = 'query_canceled';
      END IF;
      SELECT s.sql, s.kind INTO statement, kind FROM pg_temp.seed_statements AS s WHERE s.n = number;
      PERFORM set_config('listo.seed_statement', number::text, true);
      IF kind <> 'INSERT' THEN
        INSERT INTO pg_temp.seed_gone SELECT number, relname, -n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_del > 0;
      END IF;
      EXECUTE statement;
      GET DIAGNOSTICS found = ROW_COUNT;
      IF kind <> 'INSERT' THEN
        INSERT INTO pg_temp.seed_gone SELECT number, relname, n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_del > 0;
      END IF;
      UPDATE pg_temp.seed_statements SET matched = found WHERE n = number;
    END $$;
    CREATE FUNCTION pg_temp.run_seeds() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE number integer;
    BEGIN
      FOR number IN SELECT n FROM pg_temp.seed_statements ORDER BY n LOOP
        EXECUTE 'SELECT pg_temp.run_seed(' || number || ')';
      END LOOP;
    END $$`);
  for (const [key, value] of Object.entries(settings))
    await trx.raw('SELECT set_config(?, ?, true)', [`listo.${key}`, value]);
  // The grammar that has read the seed ends a string at each quotation mark. A database can be told otherwise.
  await trx.raw('SET LOCAL standard_conforming_strings = on');
}

async function runFile(
  trx: Knex.Transaction,
  { name, sql }: SeedFile,
  statements: readonly SeedStatement[],
  { remarks = false }: RunOptions,
): Promise<SeedFileRun> {
  await actsBy(trx, `seed ${name}`);
  await trx.raw(
    `INSERT INTO pg_temp.seed_statements (n, kind, sql)
     SELECT n, kind, sql FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS s (kind, sql, n)`,
    [statements.map(({ kind }) => kind), statements.map(({ text }) => text)],
  );
  await trx.raw('SELECT pg_temp.run_seeds()');
  await checkNow(trx);
  const changed = await readChanges(trx, statements);
  const done = statements.map(({ line, column, kind, table, columns }, n) => ({
    ...{ line, column, kind, table, columns, matched: 0, changes: [], gone: {}, remarks: [] },
    ...changed.get(n + 1),
  }));
  const said = remarks ? await remarksOn(trx, statements, done) : [];
  await trx.raw('TRUNCATE pg_temp.planned_changes, pg_temp.seed_statements, pg_temp.seed_gone');
  return {
    name,
    sha256: createHash('sha256').update(sql).digest('hex'),
    statements: done.map((statement, n) => ({ ...statement, remarks: said[n] ?? [] })),
  };
}

/**
 * Checks at the end of each file what is checked at the end of a transaction, so that the file is named. The version of
 * the registrations stays for the commit: its row is locked from then on.
 */
async function checkNow(trx: Knex.Transaction): Promise<void> {
  const { rows } = await trx.raw(
    `SELECT string_agg(DISTINCT quote_ident(conname), ', ') AS names FROM pg_constraint
     WHERE condeferrable AND condeferred AND conname <> 'bump_version'`,
  );
  const { names } = rows[0];
  if (names === null) return;
  await trx.raw(`SET CONSTRAINTS ${names} IMMEDIATE`);
  await trx.raw(`SET CONSTRAINTS ${names} DEFERRED`);
}
