import type { Knex } from 'knex';

/** A security profile implies more than one column says. The trigger that refuses what contradicts it is in functions/. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
COMMENT ON COLUMN clients.authorization_code_ttl_seconds IS 'Seconds, 10 to 600. NULL: 600. With a FAPI profile 60 at most, and NULL: 60.';
COMMENT ON COLUMN clients.id_token_signed_response_alg IS 'How its ID tokens are signed: RS256, PS256, ES256 or EdDSA. With a FAPI profile, its access tokens too, and never with RS256.';
COMMENT ON COLUMN clients.introspection_signed_response_alg IS 'How its introspection answers are signed where it asks for a JWT (RFC 9701): RS256, PS256, ES256 or EdDSA. NULL: RS256. With a FAPI profile never RS256, and NULL: as its ID tokens.';
COMMENT ON COLUMN clients.refresh_replay_window_seconds IS 'For this many seconds after a refresh, the previous token gets the same successor; 0 to 300. NULL: 120, for a public client 60. With a FAPI profile, a refresh token has no successor.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
