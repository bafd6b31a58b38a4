import type { Knex } from 'knex';

/**
 * An application may sign out with an ID token whose key is gone. A trigger keeps the public half of a key that a
 * rotation removes, so that a process of the previous release keeps it, too. That release reads all rows of
 * `signing_keys`, so these keys have a table of their own.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE past_public_keys (
  kid text PRIMARY KEY,
  alg text NOT NULL,
  public_jwk jsonb NOT NULL,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '1 year'
);
CREATE INDEX past_public_keys_expiry ON past_public_keys (expires_at);
COMMENT ON TABLE past_public_keys IS 'The public halves of keys of OpenID Connect that a rotation removed. They verify an id_token_hint, and nothing else; no JWKS has them. A key that was dropped because somebody else may have it is not among them.';
COMMENT ON COLUMN past_public_keys.kid IS 'The kid that the key had in signing_keys.';
COMMENT ON COLUMN past_public_keys.alg IS 'The only algorithm with which the key signed.';
COMMENT ON COLUMN past_public_keys.public_jwk IS 'The public JWK. There is no private half any more.';
COMMENT ON COLUMN past_public_keys.expires_at IS 'A year after the key was removed. From then on, a hint that it signed proves nothing.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
