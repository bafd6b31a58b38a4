import type { Knex } from 'knex';

/** The server's own tables: signing keys, grants, and the protocol's short-lived rows. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE signing_keys (
  kid text PRIMARY KEY,
  key_set text NOT NULL CONSTRAINT signing_key_set_known CHECK (key_set IN ('oidc', 'listnr')),
  alg text NOT NULL CONSTRAINT signing_key_alg_known CHECK (alg IN ('RS256')),
  state text NOT NULL CONSTRAINT signing_key_state_known CHECK (state IN ('next', 'current', 'retired')),
  public_jwk jsonb NOT NULL,
  private_jwk_sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (key_set, alg) WHERE state = 'current';
COMMENT ON TABLE signing_keys IS 'The keys that sign tokens: one set for OpenID Connect, one for LiSTNR, so that neither''s tokens pass for the other''s.';
COMMENT ON COLUMN signing_keys.private_jwk_sealed IS 'The private JWK, sealed with KEY_ENCRYPTION_KEY.';

CREATE TABLE grants (
  id text PRIMARY KEY,
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
  session_uid text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX grants_person ON grants (person_id);
CREATE INDEX grants_client ON grants (client_id);
CREATE INDEX grants_session ON grants (session_uid);
CREATE INDEX grants_expiry ON grants (expires_at);
COMMENT ON TABLE grants IS 'One row for each authorization. Deleting it ends every token that came of it.';

CREATE TABLE artifacts (
  model text NOT NULL,
  id_hash bytea NOT NULL,
  grant_id text REFERENCES grants ON DELETE CASCADE,
  session_uid text,
  payload jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz,
  PRIMARY KEY (model, id_hash)
);
CREATE INDEX artifacts_grant ON artifacts (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX artifacts_session ON artifacts (session_uid) WHERE model = 'Session';
CREATE INDEX artifacts_expiry ON artifacts (expires_at);
COMMENT ON COLUMN artifacts.session_uid IS 'Sessions: a name for the session that stays when its id changes. It is no credential.';
COMMENT ON TABLE artifacts IS 'Sessions, interactions, codes and refresh tokens, found by the SHA-256 of what the browser or client holds.';

CREATE TABLE revoked_access_tokens (
  jti text PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX revoked_access_tokens_expiry ON revoked_access_tokens (expires_at);
COMMENT ON TABLE revoked_access_tokens IS 'Access tokens revoked one by one, until they would have expired.';

CREATE TABLE upstream_sign_ins (
  state_hash bytea PRIMARY KEY,
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  sealed text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX upstream_sign_ins_expiry ON upstream_sign_ins (expires_at);
COMMENT ON TABLE upstream_sign_ins IS 'Sign-ins under way at an upstream provider: the nonce and PKCE verifier to check the answer with, sealed. Taken once.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
