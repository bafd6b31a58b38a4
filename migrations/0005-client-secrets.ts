import type { Knex } from 'knex';

const TABLES = ['client_secrets', 'listnr_client_secrets'];

/** The time of a client secret's last use distinguishes an old secret from an idle one. */
export async function up(knex: Knex): Promise<void> {
  for (const table of TABLES) {
    await knex.raw(`
ALTER TABLE ${table} ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN ${table}.last_used_at IS 'When it last authenticated the client, to within a minute. Written by the server.';
DROP TRIGGER bump_version ON ${table};
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON ${table}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
DROP TRIGGER record_change ON ${table};
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON ${table}
  FOR EACH ROW EXECUTE FUNCTION record_registration_change('client_id,name');
`);
  }
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
