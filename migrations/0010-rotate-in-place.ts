import type { Knex } from 'knex';

/**
 * Each rotation of a refresh token and each use of a session moves `expires_at`. An index on it had to follow: every
 * refresh added an entry to every index of the table. The end of the day moves only once a day. With that indexed
 * instead, Postgres writes the row beside its old version (a heap-only tuple) and touches no index.
 */
export async function up(knex: Knex): Promise<void> {
  // Takes the locks at once, in the order in which signing out takes them, so that neither waits for the other.
  await knex.raw('LOCK TABLE sessions, refresh_families IN ACCESS EXCLUSIVE MODE');
  // This comes before the table is rewritten, so that its pages have room for the next version of each row.
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
