import { readFileSync } from 'node:fs';
import type { Knex } from 'knex';

/** In the order in which they need each other. The SQL is in files beside this one, unchanged. */
const PARTS = ['functions', 'instances', 'people', 'clients', 'listnr', 'changes'];

/**
 * The tables that admins write with plain SQL: instances and their authentication, people, relying parties, LiSTNR
 * clients. The database refuses a wrong registration with a sentence and a hint, so that it does not matter which
 * tool wrote it. The hint of a simple CHECK is the comment on its constraint.
 */
export async function up(knex: Knex): Promise<void> {
  for (const part of PARTS) {
    const sql = readFileSync(new URL(`0001-registration/${part}.sql`, import.meta.url), 'utf8');
    // knex reads a bare question mark as a binding. These are parts of regular expressions.
    await knex.raw(sql.replaceAll('?', '\\?'));
  }
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
