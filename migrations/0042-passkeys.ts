import type { Knex } from 'knex';

/** The passkeys of people. Nobody has one yet. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE passkeys (
  credential_id bytea CONSTRAINT passkeys_pkey PRIMARY KEY
    CONSTRAINT passkey_id_length CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
  person_id text NOT NULL CONSTRAINT passkeys_person_id_fkey REFERENCES people (id) ON DELETE CASCADE,
  public_key bytea NOT NULL,
  counter bigint NOT NULL DEFAULT 0,
  transports text[] NOT NULL DEFAULT '{}',
  aaguid text NOT NULL,
  backed_up boolean NOT NULL,
  name text NOT NULL CONSTRAINT passkey_name_length CHECK (length(name) BETWEEN 1 AND 60),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz
);
CREATE INDEX passkeys_person ON passkeys (person_id);
COMMENT ON TABLE passkeys IS 'The passkeys of people, with which they sign in instead of a password or after it. Written by the server. The private key never leaves the person''s device or password manager.';
COMMENT ON COLUMN passkeys.credential_id IS 'Its id, which the device or password manager made up.';
COMMENT ON COLUMN passkeys.person_id IS 'The person who signs in with it.';
COMMENT ON COLUMN passkeys.public_key IS 'The public key, in COSE form (RFC 9052).';
COMMENT ON COLUMN passkeys.counter IS 'How often it signed, as it says of itself. A smaller number is refused, because a copy may have signed. Most passkeys always say 0.';
COMMENT ON COLUMN passkeys.transports IS 'How a browser reaches it, as the browser said: internal, hybrid, usb, nfc, ble. Browsers are told again.';
COMMENT ON COLUMN passkeys.aaguid IS 'The kind of device or password manager, as it says of itself. All zeros: it does not say.';
COMMENT ON COLUMN passkeys.backed_up IS 'Whether it is kept in several places, so that the loss of a device does not lose it.';
COMMENT ON COLUMN passkeys.name IS 'The name by which its owner knows it.';
COMMENT ON COLUMN passkeys.created_at IS 'When it was added.';
COMMENT ON COLUMN passkeys.last_used_at IS 'When it last signed its owner in. NULL: never.';
COMMENT ON TABLE used_proofs IS 'Used client assertions (RFC 7523), DPoP proofs (RFC 9449) and challenges of passkeys (WebAuthn), kept until they would have expired: the SHA-256 of issuer and jti, or of the challenge.';
COMMENT ON COLUMN used_proofs.id_hash IS 'The SHA-256 of issuer and jti, or of the challenge.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
