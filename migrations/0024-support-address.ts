import type { Knex } from 'knex';

const LOOPBACK = String.raw`http://(localhost|127\.0\.0\.1|\[::1\])`;
const WEB = String.raw`(https://[A-Za-z0-9.-]+|${LOOPBACK})(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]*)?`;
const MAIL = `mailto:[A-Za-z0-9.!#$&*+/=^_{|}~%-]+@[A-Za-z0-9.-]+([?][A-Za-z0-9._~:/?@!$&()*+,;=%-]*)?`;
const TELEPHONE = String.raw`tel:\+?[0-9][0-9().-]*(;[A-Za-z0-9=.+-]+)*`;

/** Where people of an instance get help. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE instances
  ADD COLUMN support_uri text
    CONSTRAINT instance_support_address CHECK (support_uri ~ '^(${WEB}|${MAIL}|${TELEPHONE})$' AND length(support_uri) <= 2000);
COMMENT ON COLUMN instances.support_uri IS 'Where people get help who cannot sign in: an https, mailto: or tel: address. The sign-in page and error pages link to it; a mail names the request of an error page in its subject. NULL: no page promises help.';
COMMENT ON CONSTRAINT instance_support_address ON instances IS 'Write an https address, mailto: with an e-mail address (mailto:help@acme.example), or tel: with a telephone number (tel:+49-30-1234567), without spaces and quotation marks. Plain http is for localhost, 127.0.0.1 and [::1].';
`.replaceAll('?', '\\?'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
