import type { Knex } from 'knex';

/**
 * Anybody who opens the page of a device's code leaves a session. Those of one address are counted, so the oldest can
 * be dropped. A use of a session changes no column of the index.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE sessions ADD COLUMN address_mac bytea;
CREATE INDEX sessions_anonymous ON sessions (address_mac, created_at) WHERE person_id IS NULL AND address_mac IS NOT NULL;
COMMENT ON COLUMN sessions.address_mac IS 'For a session in which nobody has signed in: an HMAC, under a key of the server, of the address from which it was begun. The oldest ones of an address are dropped when there are too many.';
COMMENT ON COLUMN sessions.expires_at IS 'Fourteen days after it was last used, or when the time of its instance is over since the person signed in; an hour after it was last used if nobody has signed in. Its grants may live longer.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
