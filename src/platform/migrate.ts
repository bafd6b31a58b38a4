import type { Knex } from 'knex';
import { migrationSource } from '../../migrations/index.ts';
import type { Database } from './database.ts';
import { isDatabaseUnavailable, withoutStatement } from './database-errors.ts';
import { OperatorError } from './errors.ts';
import { explainPrivileges } from './postgres/privileges.ts';

const MIGRATION_LOCK = 4_710_001;

/**
 * Lifts the time-out until the transaction ends, also when the role has one, or a pooler refused the setting at
 * connecting.
 */
export const WITHOUT_TIMEOUT = 'SET LOCAL statement_timeout = 0';

/**
 * Brings the schema up to date and returns the names of the applied migrations. When several processes start at once,
 * one migrates while the others wait. The lock ends with the transaction, so it survives a pooler and a crash.
 *
 * A newer release may have migrated already, and this one serves beside it; `onNewer` receives its migrations.
 * @throws OperatorError for a schema that this release cannot bring up to date, with the reason.
 */
export async function migrate(
  { knex, patiently }: Pick<Database, 'knex' | 'patiently'>,
  { onNewer = () => {} }: { onNewer?(names: readonly string[]): void } = {},
): Promise<string[]> {
  const running: { name?: string } = {};
  try {
    const { due, unknown } = await compareMigrations(knex);
    if (unknown.length > 0) onNewer(unknown);
    if (due.length === 0) return [];
    return await patiently((patient) =>
      patient.transaction(async (trx) => {
        await trx.raw(WITHOUT_TIMEOUT);
        await trx.raw('SELECT pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
        const { due, unknown } = await compareMigrations(trx);
        if (due.length === 0) return [];
        if (unknown.length > 0) throw divided(due, unknown);
        const source = { ...migrationSource, getMigration: noting(running) };
        const [, applied] = await trx.migrate.latest({ migrationSource: source, disableTransactions: true });
        return applied;
      }),
    );
  } catch (error) {
    throw explained(await explainPrivileges(error, knex), running.name);
  }
}

/** The migrations that a database lacks, for those who may not migrate it. */
export async function dueMigrations(knex: Knex): Promise<string[]> {
  return (await compareMigrations(knex)).due;
}

type GetMigration = typeof migrationSource.getMigration;

/** Notes which migration runs. */
function noting(running: { name?: string }): GetMigration {
  return async (name) => {
    const migration = await migrationSource.getMigration(name);
    return {
      ...migration,
      up(knex) {
        running.name = name;
        return migration.up(knex);
      },
    };
  };
}

/** knex would complain about a corrupt directory. */
function divided(due: readonly string[], unknown: readonly string[]): OperatorError {
  return new OperatorError(
    `Another release has migrated this database: it has ${unknown.join(', ')}, which this release does not know, and lacks ${due.join(', ')}. Start the release that migrated it, or a later one.`,
  );
}

/** A statement that fails says something about the database, such as a row or a table that nobody expected. */
function explained(error: unknown, migration: string | undefined): unknown {
  const { code, severity } = error as { code?: string; severity?: string };
  if (error instanceof OperatorError || isDatabaseUnavailable(error)) return error;
  if (migration === undefined || !code || !severity) return error;
  return new OperatorError(
    `The migration ${migration} failed (${withoutStatement(error as Error)}), and nothing was changed. Correct what it says, and start again; the release that ran before still works.`,
    { cause: error },
  );
}

interface Compared {
  due: string[];
  unknown: string[];
  /** How many the database has. */
  done: number;
}

/** The migrations of this release that the database lacks, and those of the database that this release lacks. */
export async function compareMigrations(knex: Knex): Promise<Compared> {
  const known: string[] = await migrationSource.getMigrations([]);
  // knex would not see a table that belongs to another role, and would try to make it.
  const { rows } = await knex.raw("SELECT to_regclass('knex_migrations') IS NOT NULL AS known");
  if (!rows[0].known) return { due: known, unknown: [], done: 0 };
  const done = await knex('knex_migrations').orderBy('id').pluck('name');
  return {
    due: known.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !known.includes(name)),
    done: done.length,
  };
}
