import type { Knex } from 'knex';

/** A lock for the job that deletes expired rows. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE job_locks (name text PRIMARY KEY);
INSERT INTO job_locks (name) VALUES ('housekeeping');
COMMENT ON TABLE job_locks IS 'A row for each job that one replica does at a time: whoever locks the row, for the length of a statement.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
