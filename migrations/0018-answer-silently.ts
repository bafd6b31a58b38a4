import type { Knex } from 'knex';

/**
 * An installed application is answered without a page only where its registration says so. Those that were so far keep
 * it. A row of an older process or seed does not say so, and its people decide each time. Triggers rest meanwhile, because
 * an old row may break a rule that is younger.
 */
export async function up(knex: Knex): Promise<void> {
  // Requests of an older process lock sessions before clients. A migration of this release changes both.
  await knex.raw(`
LOCK TABLE sessions, clients IN ACCESS EXCLUSIVE MODE;
ALTER TABLE clients ADD COLUMN answer_silently boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clients.answer_silently IS 'Whether a native client gets its answer at its own scheme or on loopback without a page. Another program on the device can take such an address (RFC 8252 section 8.6); so otherwise its person decides at each sign-in, whatever they decided before.';
ALTER TABLE clients DISABLE TRIGGER USER;
UPDATE clients SET answer_silently = true WHERE application_type = 'native' AND NOT require_consent;
ALTER TABLE clients ENABLE TRIGGER USER;
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
