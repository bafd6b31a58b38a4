import type { Knex } from 'knex';
import { OperatorError } from './errors.ts';

export interface Change {
  table: string;
  operation: 'insert' | 'update' | 'delete';
  key: string;
}

/** What `pg` knows of a failed statement. */
interface DatabaseError extends Error {
  code?: string;
  detail?: string;
  hint?: string;
  constraint?: string;
  table?: string;
  internalPosition?: string;
}

/**
 * Applies a file of SQL in one transaction and answers what it really changed: applied again, nothing.
 *
 * The file runs inside a function, where Postgres refuses COMMIT and ROLLBACK, so it cannot end the transaction
 * early. `settings` are readable in it with `current_setting('listo.<name>', true)`.
 *
 * @throws OperatorError with the constraint, or line and column, and nothing of the file applied.
 */
export async function applySeed(
  knex: Knex,
  { name, sql, settings = {} }: { name: string; sql: string; settings?: Record<string, string> },
): Promise<Change[]> {
  return knex.transaction(async (trx) => {
    try {
      await trx.raw(
        'CREATE TEMPORARY TABLE registration_changes (n serial, table_name text, operation text, row_key text) ON COMMIT DROP',
      );
      await trx.raw(
        'CREATE FUNCTION pg_temp.apply_seed(seed text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE seed; END $$',
      );
      for (const [key, value] of Object.entries(settings)) {
        await trx.raw('SELECT set_config(?, ?, true)', [`listo.${key}`, value]);
      }
      await trx.raw('SELECT pg_temp.apply_seed(?)', [sql]);
      // Deferred constraints would otherwise speak at COMMIT, when it is too late to say which file it was.
      await trx.raw('SET CONSTRAINTS ALL IMMEDIATE');
      const changes: Change[] = await trx('registration_changes')
        .orderBy('n')
        .select({ table: 'table_name', operation: 'operation', key: 'row_key' });
      await trx.raw('DROP FUNCTION pg_temp.apply_seed(text)');
      return changes;
    } catch (error) {
      throw new OperatorError(explain(error as DatabaseError, name, sql), { cause: error });
    }
  });
}

function explain(error: DatabaseError, name: string, sql: string): string {
  // knex puts the statement in front of what Postgres said.
  const said = error.message.split(' - ').slice(1).join(' - ') || error.message;
  const lines = [`${name}${place(error, sql)}: ${said}`];
  if (error.detail) lines.push(`  ${error.detail}`);
  if (error.hint) lines.push(`  ${error.hint}`);
  if (error.constraint)
    lines.push(`  Constraint: ${error.constraint}${error.table ? ` of ${error.table}` : ''}`);
  lines.push('  Nothing of the file was applied.');
  return lines.join('\n');
}

/** Line and column, where Postgres knows them: it counts characters from one. */
function place({ internalPosition }: DatabaseError, sql: string): string {
  if (!internalPosition) return '';
  const before = [...sql].slice(0, Number(internalPosition) - 1).join('');
  const line = before.split('\n').length;
  return `:${line}:${before.length - before.lastIndexOf('\n')}`;
}
