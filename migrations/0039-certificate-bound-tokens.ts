import type { Knex } from 'knex';

/** Access tokens that are bound to the certificate of their client (RFC 8705 section 3). No row is rewritten. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE clients ADD COLUMN tls_client_certificate_bound_access_tokens boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clients.tls_client_certificate_bound_access_tokens IS 'Whether every access token is bound to the certificate with which the client connects (RFC 8705), and a public client''s refresh tokens as well. It gets none without a certificate. The certificate need not be how it authenticates.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
