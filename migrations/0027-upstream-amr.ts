import type { Knex } from 'knex';

/** Whether our ID tokens repeat how a person signed in at the customer's own provider. Off, as before. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE upstream_providers ADD COLUMN pass_amr boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN upstream_providers.pass_amr IS 'Whether our ID tokens have the amr of the ID tokens of the provider (RFC 8176), and an acr by it. Applications then rely on what the provider says. false: they have neither.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
