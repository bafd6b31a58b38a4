import type { Knex } from 'knex';
import { migrationSource } from '../../migrations/index.ts';
import type { Database } from './database.ts';
import { withoutStatement } from './database-errors.ts';
import { OperatorError } from './errors.ts';

const MIGRATION_LOCK = 4_710_001;

/**
 * Lifts the time-out until the transaction ends, also when the role has one, or a pooler refused the setting at
 * connecting.
 */
export const WITHOUT_TIMEOUT = 'SET LOCAL statement_timeout = 0';

/**
 * Brings the schema up to date and returns the names of the applied migrations. When several processes start at once,
 * one migrates while the others wait. The lock ends with the transaction, so it survives a pooler and a crash.
 */
export async function migrate({ knex, patiently }: Pick<Database, 'knex' | 'patiently'>): Promise<string[]> {
  if ((await pending(knex)).length === 0) return [];
  const migrated = patiently((patient) =>
    patient.transaction(async (trx) => {
      await trx.raw(WITHOUT_TIMEOUT);
      await trx.raw('SELECT pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
      if ((await pending(trx)).length === 0) return [];
      const [, applied] = await trx.migrate.latest({ migrationSource, disableTransactions: true });
      return applied;
    }),
  );
  return migrated.catch((error) => {
    throw explained(error);
  });
}

const INSUFFICIENT_PRIVILEGE = '42501';

function explained(error: Error): Error {
  if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) return error;
  return new OperatorError(
    `The schema cannot be brought up to date: ${withoutStatement(error)}. Let the user of DATABASE_URL own the database and what is in it.`,
    { cause: error },
  );
}

async function pending(knex: Knex): Promise<string[]> {
  const known = await migrationSource.getMigrations([]);
  if (!(await knex.schema.hasTable('knex_migrations'))) return known;
  const done = new Set(await knex('knex_migrations').pluck('name'));
  return known.filter((name) => !done.has(name));
}
