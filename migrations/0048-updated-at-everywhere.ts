import type { Knex } from 'knex';

/**
 * When a row of a registration table last changed, as `people` has had since 0026. A trigger keeps it
 * (functions/note_change.sql). Rows from before have none, so no row is rewritten. A process of the release before may
 * go on writing: the trigger acts for it, too.
 */
export async function up(knex: Knex): Promise<void> {
  for (const table of TABLES)
    await knex.raw(`
ALTER TABLE ${table} ADD COLUMN updated_at timestamptz;
COMMENT ON COLUMN ${table}.updated_at IS '${COMMENTS[table] ?? COMMENT}';
`);
}

const TABLES = [
  ...['instances', 'upstream_providers', 'clients', 'client_secrets'],
  ...['listnr_clients', 'listnr_accepted_issuers', 'listnr_client_secrets'],
  ...['upstream_identities', 'worker_ids', 'user_records'],
];

const COMMENT = 'When it last changed. Written by a trigger. NULL: not since it was registered.';
const OF_SECRET =
  'When its name, digest or expiry last changed; last_used_at is no change. Written by a trigger. NULL: not since it was registered.';
const COMMENTS: Readonly<Record<string, string>> = {
  client_secrets: OF_SECRET,
  listnr_client_secrets: OF_SECRET,
};

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
