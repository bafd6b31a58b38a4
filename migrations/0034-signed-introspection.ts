import type { Knex } from 'knex';

/** Introspection answered with a JWT (RFC 9701). No row has a value yet, so no table is rewritten. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients
  ADD COLUMN introspection_signed_response_alg text
    CONSTRAINT introspection_signed_response_alg_known CHECK (introspection_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));
COMMENT ON COLUMN clients.introspection_signed_response_alg IS 'How its introspection answers are signed where it asks for a JWT (RFC 9701): RS256, PS256, ES256 or EdDSA. NULL: RS256.';
COMMENT ON CONSTRAINT introspection_signed_response_alg_known ON clients IS 'Write RS256, PS256, ES256 or EdDSA, or leave it out for RS256.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
