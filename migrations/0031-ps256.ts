import type { Knex } from 'knex';

/** PS256, for clients of the profiles of FAPI and for all who ask for it. Its RSA key is another than that of RS256. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients DROP CONSTRAINT id_token_signed_response_alg_known,
  ADD CONSTRAINT id_token_signed_response_alg_known CHECK (id_token_signed_response_alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));
COMMENT ON COLUMN clients.id_token_signed_response_alg IS 'How its ID tokens are signed: RS256, PS256, ES256 or EdDSA.';
COMMENT ON CONSTRAINT id_token_signed_response_alg_known ON clients IS 'Write RS256, PS256, ES256 or EdDSA, or leave it out for RS256.';
ALTER TABLE signing_keys DROP CONSTRAINT signing_key_alg_known,
  ADD CONSTRAINT signing_key_alg_known CHECK (alg IN ('RS256', 'PS256', 'ES256', 'EdDSA'));
COMMENT ON COLUMN listnr_accepted_issuers.algorithms IS 'The signature algorithms accepted: RS256, unless the issuer uses another (PS256, ES256, EdDSA). Those of self are always accepted.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
