import type { Knex } from 'knex';

/** Comments name the command line as it is called now, and so does the current text of functions/. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
COMMENT ON COLUMN client_secrets.digest IS 'sha256: and 64 hex digits, for a secret made by npx listo client secret; argon2id: and a PHC string for one brought from elsewhere.';
COMMENT ON COLUMN people.password_hash IS 'argon2id in PHC form: npx listo password hash. NULL: signs in through the upstream provider, or not at all.';
COMMENT ON CONSTRAINT person_password_hash_argon2id ON people IS 'Make the hash with: npx listo password hash. Never write the password itself.';
COMMENT ON COLUMN upstream_providers.client_secret_sealed IS 'The client secret from the provider, sealed: npx listo seal upstream:<instance id>. NULL: a public client with PKCE.';
COMMENT ON CONSTRAINT upstream_client_secret_sealed ON upstream_providers IS 'Seal the secret with: npx listo seal upstream:<instance id>. Never write the secret itself.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
