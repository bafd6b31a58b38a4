import type { Knex } from 'knex';

const LOOPBACK = String.raw`http://(localhost|127\.0\.0\.1)`;
const ADDRESS = String.raw`^(https://[A-Za-z0-9.-]+|${LOOPBACK})(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]*)?$`;
const SENTENCE =
  'Write an https address, or an http address on localhost or 127.0.0.1, without spaces and quotation marks.';

/** An application's logo and links, for pages on which a person decides (OpenID Connect Dynamic Client Registration 1.0). */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN logo_uri text CONSTRAINT client_logo_address CHECK (logo_uri ~ '${ADDRESS}' AND length(logo_uri) <= 2000),
  ADD COLUMN tos_uri text CONSTRAINT client_tos_address CHECK (tos_uri ~ '${ADDRESS}' AND length(tos_uri) <= 2000),
  ADD COLUMN policy_uri text CONSTRAINT client_policy_address CHECK (policy_uri ~ '${ADDRESS}' AND length(policy_uri) <= 2000);
COMMENT ON COLUMN clients.logo_uri IS 'The address of the application''s logo, shown where a person decides whether to go on to it. NULL: none.';
COMMENT ON COLUMN clients.tos_uri IS 'The address of the application''s terms of service, shown there. NULL: none.';
COMMENT ON COLUMN clients.policy_uri IS 'The address at which the application says how it uses a person''s data, shown there. NULL: none.';
COMMENT ON CONSTRAINT client_logo_address ON clients IS '${SENTENCE}';
COMMENT ON CONSTRAINT client_tos_address ON clients IS '${SENTENCE}';
COMMENT ON CONSTRAINT client_policy_address ON clients IS '${SENTENCE}';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
