import type { Knex } from 'knex';

/**
 * A consent names the place to which the answers went. Earlier consents were given for the addresses that are registered
 * now. A row of an older process names none, so its person is asked once more.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE consents ADD COLUMN redirect_hosts text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN consents.redirect_hosts IS 'The hosts to which answers went when the person allowed it; for a private-use scheme, the scheme. At another host, the person is asked again.';
UPDATE consents SET redirect_hosts = ARRAY(
  SELECT DISTINCT coalesce(substring(uri FROM '^https\\?://(\\[[^]]*\\]|[^/:\\?#]+)'), substring(uri FROM '^[^:]+:'))
  FROM clients, unnest(clients.redirect_uris) AS uri WHERE clients.id = consents.client_id
)`,
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
