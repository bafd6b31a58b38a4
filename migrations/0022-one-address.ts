import type { Knex } from 'knex';

/**
 * Brings the current text of functions/: a second person with the same address, sign-in without `openid`, and spaces
 * around names and redirect URIs are refused. Rows from before stay as they are.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE INDEX people_address ON people (instance_id, lower(email)) WHERE password_hash IS NULL;
COMMENT ON COLUMN people.email IS 'For sign-in with a password, and the claim email. Compared without regard to case; unique in an instance whose people sign in with a password.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
