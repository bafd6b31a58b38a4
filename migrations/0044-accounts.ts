import type { Knex } from 'knex';

/** Two facts by which people recognize their own sessions at /account. Sessions from before have neither, until they are used again. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE sessions ADD COLUMN user_agent text, ADD COLUMN last_seen_at timestamptz;
COMMENT ON COLUMN sessions.user_agent IS 'How the browser named itself when it was last used, in 300 characters at most, so that its person recognizes it at /account. NULL: it did not, or nobody is signed in.';
COMMENT ON COLUMN sessions.last_seen_at IS 'When it was last used, to within an hour. NULL: not since this column is there, or nobody is signed in.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
