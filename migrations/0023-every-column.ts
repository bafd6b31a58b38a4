import type { Knex } from 'knex';

/** Comments on the columns that had none. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
COMMENT ON COLUMN artifacts.model IS 'The kind: Interaction, AuthorizationCode, PushedAuthorizationRequest or DeviceCode.';
COMMENT ON COLUMN artifacts.id_hash IS 'The SHA-256 of its id.';
COMMENT ON COLUMN artifacts.grant_id IS 'The authorization to which it belongs; deleting that deletes it. NULL: there is none yet.';
COMMENT ON COLUMN artifacts.payload IS 'The rest, as the protocol library keeps it. Its times are those of the clock of the database.';
COMMENT ON COLUMN artifacts.expires_at IS 'The row is deleted after this time.';
COMMENT ON COLUMN denied_subjects.person_id IS 'The sub of the person.';
COMMENT ON COLUMN grants.id IS 'A random name. It is no credential.';
COMMENT ON COLUMN grants.person_id IS 'The person who signed in.';
COMMENT ON COLUMN grants.client_id IS 'The application that was authorized.';
COMMENT ON COLUMN grants.session_uid IS 'The session in which it was given; its sign-out ends it.';
COMMENT ON COLUMN grants.payload IS 'The scopes that were given.';
COMMENT ON COLUMN grants.created_at IS 'When it was given.';
COMMENT ON COLUMN grants.expires_at IS 'The row is deleted after this time, with all tokens of the authorization.';
COMMENT ON COLUMN job_locks.name IS 'The name of the job.';
COMMENT ON COLUMN refresh_families.family IS 'A random name, the first part of each token.';
COMMENT ON COLUMN refresh_families.grant_id IS 'The authorization that the tokens renew.';
COMMENT ON COLUMN refresh_families.payload IS 'The members that all tokens of the family share.';
COMMENT ON COLUMN refresh_families.expires_at IS 'When the newest token expires.';
COMMENT ON COLUMN revoked_access_tokens.jti IS 'The jti of the access token.';
COMMENT ON COLUMN revoked_access_tokens.expires_at IS 'The row is deleted after this time, because the token has expired then.';
COMMENT ON COLUMN sessions.payload IS 'When and how the person signed in, and in which applications.';
COMMENT ON COLUMN sessions.created_at IS 'When the session began.';
COMMENT ON COLUMN signing_keys.kid IS 'Tells keys apart, in the header of a token and in the JWKS.';
COMMENT ON COLUMN signing_keys.key_set IS 'The service that signs with it: oidc or listnr.';
COMMENT ON COLUMN signing_keys.alg IS 'The only algorithm with which it signs.';
COMMENT ON COLUMN signing_keys.public_jwk IS 'The public JWK, as the JWKS has it.';
COMMENT ON COLUMN signing_keys.created_at IS 'When it was made.';
COMMENT ON COLUMN upstream_sign_ins.state_hash IS 'The SHA-256 of the state that was sent to the provider.';
COMMENT ON COLUMN upstream_sign_ins.instance_id IS 'The instance whose provider was asked.';
COMMENT ON COLUMN upstream_sign_ins.sealed IS 'The nonce and the PKCE verifier, sealed.';
COMMENT ON COLUMN upstream_sign_ins.expires_at IS 'From then on, an answer is refused.';
COMMENT ON COLUMN used_proofs.id_hash IS 'The SHA-256 of issuer and jti.';
COMMENT ON COLUMN used_proofs.expires_at IS 'The row is deleted after this time, because the proof has expired then.';
COMMENT ON COLUMN versions.name IS 'The data: registration, keys or people.';
COMMENT ON COLUMN versions.version IS 'Grows by one with each transaction that changes the data.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
