import type { Knex } from 'knex';

/** The places in an application to which a sign-in that another party begins may lead (OpenID Connect Core 1.0 section 4). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients ADD COLUMN target_link_uris text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN clients.target_link_uris IS 'The addresses in the application that /auth/start may name as target_link_uri, compared as whole strings. Empty: none is sent.';
COMMENT ON COLUMN clients.initiate_login_uri IS 'The address at which the application begins a sign-in (OpenID Connect Core 1.0 section 4). Pages where a sign-in is over link to it, and /auth/start leads there. It gets the issuer as iss. NULL: a person begins in the application.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
