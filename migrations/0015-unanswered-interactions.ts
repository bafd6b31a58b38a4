import type { Knex } from 'knex';

/**
 * Anybody can begin an interaction. The address from which it was begun lets the server drop the oldest ones of an
 * address, and the oldest of all. The index has only interactions that nobody has answered. It is small, a sign-in adds
 * one entry for each interaction, and answering adds none.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE artifacts ADD COLUMN address_mac bytea;
COMMENT ON COLUMN artifacts.address_mac IS 'For an interaction that nobody has answered: an HMAC, under a key of the server, of the address from which it was begun. The oldest ones of an address are dropped when there are too many.';
CREATE INDEX artifacts_unanswered ON artifacts (address_mac, expires_at) WHERE address_mac IS NOT NULL;
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
