import type { Knex } from 'knex';

const TYPE = String.raw`([A-Za-z][A-Za-z0-9-]*|[0-9]+(\.[0-9]+)+)`;
const VALUE = String.raw`([^\\",+;<>]|\\[ "#+,;<=>\\]|\\[0-9A-Fa-f]{2})+`;
const NAME = `^ *${TYPE} *=${VALUE}([,+] *${TYPE} *=${VALUE})*$`;
const OCTET = '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const IP = String.raw`^(${OCTET}(\.${OCTET}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$`;
const HOST = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$';

/** Clients that authenticate by their certificate (RFC 8705 section 2). Comes with new functions. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN token_endpoint_auth_method text
    CONSTRAINT client_auth_method_known CHECK (token_endpoint_auth_method IN ('tls_client_auth', 'self_signed_tls_client_auth')),
  ADD COLUMN tls_client_auth_subject_dn text
    CONSTRAINT client_certificate_dn CHECK (tls_client_auth_subject_dn ~ '${NAME}' AND length(tls_client_auth_subject_dn) <= 2000),
  ADD COLUMN tls_client_auth_san_dns text
    CONSTRAINT client_certificate_dns CHECK (tls_client_auth_san_dns ~ '${HOST}' AND length(tls_client_auth_san_dns) <= 253),
  ADD COLUMN tls_client_auth_san_uri text
    CONSTRAINT client_certificate_uri CHECK (tls_client_auth_san_uri ~ '^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$' AND length(tls_client_auth_san_uri) <= 2000),
  ADD COLUMN tls_client_auth_san_ip text
    CONSTRAINT client_certificate_ip CHECK (tls_client_auth_san_ip ~ '${IP}'),
  ADD COLUMN tls_client_auth_san_email text
    CONSTRAINT client_certificate_email CHECK (tls_client_auth_san_email ~ '^[^[:space:]@]+@[^[:space:]@]+$' AND length(tls_client_auth_san_email) <= 320),
  ADD CONSTRAINT client_certificate_name CHECK (
    num_nonnulls(tls_client_auth_subject_dn, tls_client_auth_san_dns, tls_client_auth_san_uri, tls_client_auth_san_ip, tls_client_auth_san_email)
      = CASE WHEN token_endpoint_auth_method = 'tls_client_auth' THEN 1 ELSE 0 END
  );
COMMENT ON COLUMN clients.token_endpoint_auth_method IS 'tls_client_auth: it authenticates by a certificate with one of the names below, of an issuer in CLIENT_CERTIFICATE_CA. self_signed_tls_client_auth: by a certificate that is in its jwks or jwks_uri (RFC 8705). NULL: by its secret, or by its keys.';
COMMENT ON COLUMN clients.tls_client_auth_subject_dn IS 'The subject of its certificate, as RFC 4514 writes it. NULL: it has another name, or no tls_client_auth.';
COMMENT ON COLUMN clients.tls_client_auth_san_dns IS 'A host name among the alternative names of its certificate.';
COMMENT ON COLUMN clients.tls_client_auth_san_uri IS 'An address among the alternative names of its certificate, such as spiffe://acme.example/billing.';
COMMENT ON COLUMN clients.tls_client_auth_san_ip IS 'An IP address among the alternative names of its certificate.';
COMMENT ON COLUMN clients.tls_client_auth_san_email IS 'An e-mail address among the alternative names of its certificate.';
COMMENT ON CONSTRAINT client_auth_method_known ON clients IS 'Write tls_client_auth or self_signed_tls_client_auth, or NULL for a client with a secret or keys.';
COMMENT ON CONSTRAINT client_certificate_dn ON clients IS 'Write the subject as openssl x509 -noout -subject -nameopt RFC2253 prints it, such as CN=billing,O=Acme,C=DE.';
COMMENT ON CONSTRAINT client_certificate_dns ON clients IS 'Write a host name in lower case, without a wildcard, such as billing.acme.example.';
COMMENT ON CONSTRAINT client_certificate_uri ON clients IS 'Write a whole address without spaces, such as spiffe://acme.example/billing.';
COMMENT ON CONSTRAINT client_certificate_ip ON clients IS 'Write an address, such as 192.0.2.7 or 2001:db8::7, and no network.';
COMMENT ON CONSTRAINT client_certificate_email ON clients IS 'Write an e-mail address, such as billing@acme.example.';
COMMENT ON CONSTRAINT client_certificate_name ON clients IS 'A client with tls_client_auth has exactly one of the columns tls_client_auth_…, and every other client has none.';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
