import type { Knex } from 'knex';

const LOOPBACK = String.raw`http://(localhost|127\.0\.0\.1|\[::1\])`;
const ADDRESS = String.raw`^(https://[A-Za-z0-9.-]+|${LOOPBACK})(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]*)?$`;
const SENTENCE =
  'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without spaces and quotation marks.';

/** The addresses that a page of ours offers to a person whose sign-in cannot go on here. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN client_uri text CONSTRAINT client_uri_address CHECK (client_uri ~ '${ADDRESS}' AND length(client_uri) <= 2000),
  ADD COLUMN initiate_login_uri text
    CONSTRAINT client_initiate_login_address CHECK (initiate_login_uri ~ '${ADDRESS}' AND length(initiate_login_uri) <= 2000);
COMMENT ON COLUMN clients.client_uri IS 'The application''s own page, to which a person is led back whose sign-in ended on a page of ours. NULL: the origin of a redirect URI.';
COMMENT ON COLUMN clients.initiate_login_uri IS 'The address at which the application begins a sign-in (OpenID Connect Core 1.0 section 4), offered where a sign-in is over. It gets the issuer as iss. NULL: a person begins again in the application.';
COMMENT ON CONSTRAINT client_uri_address ON clients IS '${SENTENCE}';
COMMENT ON CONSTRAINT client_initiate_login_address ON clients IS '${SENTENCE}';
COMMENT ON COLUMN artifacts.consumed_at IS 'When a code or pushed request was used, or an interaction that a person answered ended. Such an interaction keeps the request, so that its browser can repeat it.';
COMMENT ON COLUMN artifacts.person_id IS 'For an interaction: the person who answered it.';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
