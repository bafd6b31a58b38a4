import type { Knex } from 'knex';

/** The default is in the code (clients/client.ts). Admins read it here. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `COMMENT ON COLUMN clients.refresh_replay_window_seconds IS 'Seconds after a refresh in which the token before it is answered with the same successor, 0 to 300. NULL: 120, for a public client 60.'`,
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
