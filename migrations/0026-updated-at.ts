import type { Knex } from 'knex';

/**
 * When a claim of a person last changed, for the claim `updated_at`. Triggers keep it (functions/note_claim_change.sql and
 * functions/note_claim_row.sql). Rows from before have none and count from `created_at`, so no row is rewritten.
 *
 * Brings the current text of functions/, in which canonical_address says what it costs. Without that, many people in one
 * transaction made a plan that read the whole table for each of them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE people ADD COLUMN updated_at timestamptz;
COMMENT ON COLUMN people.updated_at IS 'When a claim of the person last changed, also workerIds and userIds; the claim updated_at. Written by triggers. NULL: not since created_at.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
