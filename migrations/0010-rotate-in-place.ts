import type { Knex } from 'knex';

/**
 * A refresh token that rotates, or a session that is used, moves `expires_at` each time, and an index on it had to
 * follow: a new entry in every index of the table for each refresh. The end of its day moves once a day. With that
 * indexed in its place, Postgres writes the row beside its old version (a heap-only tuple) and touches no index.
 */
export async function up(knex: Knex): Promise<void> {
  // In the order in which signing out takes them, all at once, so that neither waits for the other.
  await knex.raw('LOCK TABLE sessions, refresh_families IN ACCESS EXCLUSIVE MODE');
  // Before the table is written anew, so that its pages have room for the next version of each row.
  await knex.raw('ALTER TABLE sessions SET (fillfactor = 80)');
  for (const table of ['refresh_families', 'sessions']) {
    await knex.raw(`
ALTER TABLE ${table} ADD COLUMN expired_by timestamptz NOT NULL GENERATED ALWAYS AS
  ((date_trunc('day', expires_at AT TIME ZONE 'UTC') + interval '1 day') AT TIME ZONE 'UTC') STORED`);
    await knex.raw(
      `COMMENT ON COLUMN ${table}.expired_by IS 'The end of the day (UTC) in which it expires, by which housekeeping finds it: what is indexed must not move with each use.'`,
    );
    await knex.raw(`DROP INDEX ${table}_expiry`);
    await knex.raw(`CREATE INDEX ${table}_expiry ON ${table} (expired_by)`);
  }
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
