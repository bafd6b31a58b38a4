import type { Knex } from 'knex';

/** The guesses at passwords and device codes, which all processes count together. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE guesses (
  bucket text PRIMARY KEY,
  most integer NOT NULL,
  failed jsonb NOT NULL DEFAULT '{}',
  under_way jsonb NOT NULL DEFAULT '{}',
  expires_at timestamptz NOT NULL
);
CREATE INDEX guesses_expiry ON guesses (expires_at);
COMMENT ON TABLE guesses IS 'The wrong passwords and device codes of the last minute, and those that are being checked. All processes count here, each guess in one statement.';
COMMENT ON COLUMN guesses.bucket IS 'The account, address or known browser whose guesses are counted together. A digest, because an address belongs to a person.';
COMMENT ON COLUMN guesses.most IS 'How many failures a minute it allows.';
COMMENT ON COLUMN guesses.failed IS 'The failed guesses, or for an address the accounts, each with the time (in seconds since 1970) until which it counts.';
COMMENT ON COLUMN guesses.under_way IS 'The guesses that are being checked, each with its entry in failed if it fails, and the time until which it counts.';
COMMENT ON COLUMN guesses.expires_at IS 'From this time on, nothing in the row counts.';
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
