import type { Knex } from 'knex';

/** A client's security profile. The default has no value in the rows from before, so no table is rewritten. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients
  ADD COLUMN security_profile text NOT NULL DEFAULT 'standard'
    CONSTRAINT client_security_profile_known CHECK (security_profile IN ('standard', 'fapi2', 'fapi2_message_signing'));
COMMENT ON COLUMN clients.security_profile IS 'standard: the other columns say what is required of it. fapi2: everything that the FAPI 2.0 Security Profile requires, whatever the other columns say. fapi2_message_signing: what FAPI 2.0 Message Signing requires as well.';
COMMENT ON CONSTRAINT client_security_profile_known ON clients IS 'Write standard, fapi2 or fapi2_message_signing.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
