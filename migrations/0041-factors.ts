import type { Knex } from 'knex';

const POLICY = "IN ('off', 'optional', 'required')";

/**
 * More than a password: codes from an app, recovery codes, sign-ins that wait for another step, and what instances and
 * clients require. Rows from before ask people who set something up, and nobody has yet. Comes with new functions.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE instances
  ADD COLUMN second_factor text NOT NULL DEFAULT 'optional' CONSTRAINT instance_second_factor_known CHECK (second_factor ${POLICY}),
  ADD COLUMN passkeys text NOT NULL DEFAULT 'optional' CONSTRAINT instance_passkeys_known CHECK (passkeys ${POLICY});
COMMENT ON COLUMN instances.second_factor IS 'off: nobody is asked for a second factor, and none can be set up. optional: those are asked who set one up. required: everybody is asked, and sets one up at the next sign-in.';
COMMENT ON COLUMN instances.passkeys IS 'off: no passkey is taken, and none can be registered. optional: instead of a password or as a second factor, for those who registered one. required: one must take part in every sign-in.';
COMMENT ON CONSTRAINT instance_second_factor_known ON instances IS 'Write off, optional or required.';
COMMENT ON CONSTRAINT instance_passkeys_known ON instances IS 'Write off, optional or required.';

ALTER TABLE clients
  ADD COLUMN second_factor text CONSTRAINT client_second_factor_known CHECK (second_factor ${POLICY}),
  ADD COLUMN passkeys text CONSTRAINT client_passkeys_known CHECK (passkeys ${POLICY});
COMMENT ON COLUMN clients.second_factor IS 'Whether a sign-in to this application needs a second factor: off, optional or required. NULL: as the instance says.';
COMMENT ON COLUMN clients.passkeys IS 'Whether a sign-in to this application needs a passkey: off, optional or required. NULL: as the instance says.';
COMMENT ON CONSTRAINT client_second_factor_known ON clients IS 'Write off, optional or required, or NULL for what the instance says.';
COMMENT ON CONSTRAINT client_passkeys_known ON clients IS 'Write off, optional or required, or NULL for what the instance says.';

CREATE TABLE pending_sign_ins (
  uid_hash bytea CONSTRAINT pending_sign_ins_pkey PRIMARY KEY,
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  password_fingerprint text NOT NULL,
  proven jsonb NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX pending_sign_ins_person ON pending_sign_ins (person_id);
CREATE INDEX pending_sign_ins_expiry ON pending_sign_ins (expires_at);
COMMENT ON TABLE pending_sign_ins IS 'Sign-ins of which a part is proven and another step is due. The cookie of the interaction binds each to its browser.';
COMMENT ON COLUMN pending_sign_ins.uid_hash IS 'The SHA-256 of the id of the interaction.';
COMMENT ON COLUMN pending_sign_ins.person_id IS 'The person who is signing in.';
COMMENT ON COLUMN pending_sign_ins.password_fingerprint IS 'The SHA-256 of the hash of the password that was right, which must still be theirs at the end. Empty: there was none.';
COMMENT ON COLUMN pending_sign_ins.proven IS 'The proofs so far, in methods: how, when (epoch seconds) and by which factor. In continued: whether the session of the browser identified the person.';
COMMENT ON COLUMN pending_sign_ins.expires_at IS 'From then on, the sign-in begins again.';

CREATE TABLE totp_factors (
  person_id text CONSTRAINT totp_factors_pkey PRIMARY KEY REFERENCES people ON DELETE CASCADE,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  secret_sealed text NOT NULL,
  last_step bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
COMMENT ON TABLE totp_factors IS 'The authenticator apps of people (TOTP, RFC 6238). A row begins with its first right code.';
COMMENT ON COLUMN totp_factors.person_id IS 'The person whose app it is.';
COMMENT ON COLUMN totp_factors.id IS 'Tells it from one that the person sets up later.';
COMMENT ON COLUMN totp_factors.secret_sealed IS 'The secret that the app has as well, sealed.';
COMMENT ON COLUMN totp_factors.last_step IS 'The time step of the latest code that was used, in units of 30 seconds. No code of this step or an earlier one works.';
COMMENT ON COLUMN totp_factors.created_at IS 'When it was set up.';
COMMENT ON COLUMN totp_factors.last_used_at IS 'When a code was last used. NULL: only the one with which it was set up.';

CREATE TABLE recovery_codes (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (person_id, code_hash)
);
COMMENT ON TABLE recovery_codes IS 'Codes that stand in for a second factor that is lost. Using one deletes its row.';
COMMENT ON COLUMN recovery_codes.person_id IS 'The person who has the code.';
COMMENT ON COLUMN recovery_codes.code_hash IS 'The SHA-256 of the code, which has 80 random bits.';
COMMENT ON COLUMN recovery_codes.created_at IS 'When the person got it, with nine others.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
