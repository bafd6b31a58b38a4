import type { Knex } from 'knex';

/** Refresh tokens become a counter on one row for each sign-in, however often it is refreshed. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE refresh_families (
  family bytea PRIMARY KEY,
  grant_id text NOT NULL UNIQUE REFERENCES grants ON DELETE CASCADE,
  sequence integer NOT NULL DEFAULT 0 CONSTRAINT refresh_family_sequence_range CHECK (sequence >= 0),
  rotated_at timestamptz NOT NULL DEFAULT now(),
  payload jsonb NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX refresh_families_expiry ON refresh_families (expires_at);
COMMENT ON TABLE refresh_families IS 'The refresh tokens of one sign-in: a token is family.sequence.mac, and the row says which sequence is current.';
COMMENT ON COLUMN refresh_families.sequence IS 'Of the newest token. One behind is answered with the same successor inside the replay window; older is reuse.';
COMMENT ON COLUMN refresh_families.rotated_at IS 'When sequence last grew; the replay window counts from here.';

DELETE FROM artifacts WHERE model = 'RefreshToken';

ALTER TABLE clients
  ADD COLUMN refresh_token_absolute_ttl_seconds integer
    CONSTRAINT refresh_token_absolute_ttl_range CHECK (refresh_token_absolute_ttl_seconds BETWEEN 3600 AND 63072000),
  ADD COLUMN refresh_replay_window_seconds integer
    CONSTRAINT refresh_replay_window_range CHECK (refresh_replay_window_seconds BETWEEN 0 AND 300);
COMMENT ON CONSTRAINT refresh_token_absolute_ttl_range ON clients IS 'Write 3600 to 63072000 seconds, or leave it NULL for a year.';
COMMENT ON CONSTRAINT refresh_replay_window_range ON clients IS 'Write 0 to 300 seconds, or leave it NULL for the default.';
COMMENT ON COLUMN clients.refresh_token_absolute_ttl_seconds IS 'Seconds from signing in after which no refresh helps, 3600 to 63072000. NULL: 31536000 (a year).';
COMMENT ON COLUMN clients.refresh_replay_window_seconds IS 'Seconds after a refresh in which the token before it is answered with the same successor, 0 to 300. NULL: 30, for a public client 10.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
