import type { Knex } from 'knex';
import { applyFunction } from './functions.ts';

/**
 * A hash of a password may be replaced by one of the same password with other parameters, which ends no session. No row
 * is rewritten. The index finds the parameters in use. Comes with a new text of functions.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE people ADD COLUMN password_rehashed text
  CONSTRAINT person_password_rehashed_format CHECK (password_rehashed ~ '^[0-9a-f]{64}:[0-9a-f]{64}$');
COMMENT ON COLUMN people.password_rehashed IS 'Written by the server when a sign-in replaces the hash by one of the same password with other parameters: the SHA-256 of that hash, a colon, and the fingerprint that the password keeps. It says nothing about another hash. NULL: the hash was not replaced.';
COMMENT ON CONSTRAINT person_password_rehashed_format ON people IS 'The server writes it. Leave it out.';
CREATE INDEX people_password_parameters ON people (split_part(password_hash, '$', 4)) WHERE password_hash IS NOT NULL;
`);
  await applyFunction(knex, 'password_fingerprint');
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
