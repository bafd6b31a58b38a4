import type { Knex } from 'knex';

/** A lock for the job that deletes expired rows, and what it and replay detection need. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE job_locks (name text PRIMARY KEY);
INSERT INTO job_locks (name) VALUES ('housekeeping');
COMMENT ON TABLE job_locks IS 'A row for each job that one replica does at a time: whoever locks the row, for the length of a statement.';

CREATE TABLE replay_detection (
  id_hash bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX replay_detection_expiry ON replay_detection (expires_at);
COMMENT ON TABLE replay_detection IS 'Client assertions and DPoP proofs that were used, until they would have expired.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
