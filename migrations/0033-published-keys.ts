import type { Knex } from 'knex';

const LOOPBACK = String.raw`http://(localhost|127\.0\.0\.1|\[::1\])`;
const ADDRESS = String.raw`^(https://[A-Za-z0-9.-]+|${LOOPBACK})(:[0-9]{1,5})?([/?][A-Za-z0-9._~:/?@!$&()*+,;=%\[\]-]*)?$`;

/** Clients that publish their keys at an address of their own (`jwks_uri`, RFC 7591). Comes with new functions. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN jwks_uri text
    CONSTRAINT client_jwks_uri_address CHECK (jwks_uri ~ '${ADDRESS}' AND length(jwks_uri) <= 2000),
  ADD CONSTRAINT client_jwks_once CHECK (jwks IS NULL OR jwks_uri IS NULL);
COMMENT ON COLUMN clients.jwks IS 'The public keys of a confidential client that signs assertions instead of having a secret (private_key_jwt, RFC 7523). NULL: it has a secret, or jwks_uri.';
COMMENT ON COLUMN clients.jwks_uri IS 'The address at which it publishes these keys instead of registering them. NULL: it does not.';
COMMENT ON CONSTRAINT client_jwks_uri_address ON clients IS 'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without a fragment, spaces and quotation marks.';
COMMENT ON CONSTRAINT client_jwks_once ON clients IS 'Set one of jwks and jwks_uri to NULL: keys are registered, or published.';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
