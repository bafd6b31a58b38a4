import type { Knex } from 'knex';

/** Ends a session some time after the person signed in, however often it is used. Each session counts from its sign-in. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE instances ADD COLUMN session_absolute_ttl_seconds integer
  CONSTRAINT session_absolute_ttl_range CHECK (session_absolute_ttl_seconds BETWEEN 3600 AND 31536000);
COMMENT ON COLUMN instances.session_absolute_ttl_seconds IS 'After this many seconds from signing in, a person has to sign in again, however often the session was used; 3600 to 31536000. NULL: 2592000 (30 days).';
COMMENT ON CONSTRAINT session_absolute_ttl_range ON instances IS 'Write 3600 (an hour) to 31536000 (a year), or NULL for 30 days.';
COMMENT ON COLUMN sessions.expires_at IS 'Fourteen days after it was last used, or when the time of its instance is over since the person signed in. Its grants may live longer.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
