import type { Knex } from 'knex';

/** Signing keys rotate: columns for when each began to sign and stopped, and when the next one may sign. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
ALTER TABLE signing_keys
  ADD COLUMN promote_after timestamptz,
  ADD COLUMN activated_at timestamptz,
  ADD COLUMN retired_at timestamptz;
UPDATE signing_keys SET activated_at = created_at WHERE state = 'current';
ALTER TABLE signing_keys
  ADD CONSTRAINT signing_key_times CHECK (
    (state = 'next') = (promote_after IS NOT NULL) AND (state = 'next') = (activated_at IS NULL) AND (state = 'retired') = (retired_at IS NOT NULL));
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (key_set, alg) WHERE state = 'next';
COMMENT ON COLUMN signing_keys.state IS 'next: published, does not sign yet. current: signs. retired: verifies what it signed.';
COMMENT ON COLUMN signing_keys.promote_after IS 'next: from when it may sign, so that every verifier''s cache knows it by then.';
COMMENT ON COLUMN signing_keys.activated_at IS 'When it began to sign.';
COMMENT ON COLUMN signing_keys.retired_at IS 'When it stopped; it is published until the longest token it signed has expired.';

CREATE TABLE versions (
  name text PRIMARY KEY CONSTRAINT version_name_known CHECK (name IN ('registration', 'keys', 'people')),
  version bigint NOT NULL DEFAULT 1
);
INSERT INTO versions (name) VALUES ('registration'), ('keys'), ('people');
COMMENT ON TABLE versions IS 'Grow when what processes keep in memory changed: each looks once a second, and reads anew what did.';

CREATE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  setting text := 'listo.bumped_' || TG_ARGV[0];
  this_transaction text := pg_current_xact_id()::text;
BEGIN
  IF current_setting(setting, true) IS DISTINCT FROM this_transaction THEN
    UPDATE versions SET version = version + 1 WHERE name = TG_ARGV[0];
    PERFORM set_config(setting, this_transaction, true);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bump_version IS 'Raises a version once a transaction. Deferred to its end, so that transactions wait for one another no longer than a commit takes.';
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE ON signing_keys
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('keys');
${[
  'instances',
  'upstream_providers',
  'clients',
  'client_secrets',
  'listnr_clients',
  'listnr_client_secrets',
  'listnr_accepted_issuers',
]
  .map(
    (table) =>
      `CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR UPDATE OR DELETE ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');`,
  )
  .join('\n')}

CREATE TABLE denied_subjects (
  person_id text PRIMARY KEY,
  expires_at timestamptz NOT NULL DEFAULT now() + interval '25 hours'
);
CREATE INDEX denied_subjects_expiry ON denied_subjects (expires_at);
COMMENT ON COLUMN denied_subjects.expires_at IS 'Longer than an ID token lives, a day at the most.';
COMMENT ON TABLE denied_subjects IS 'People who were disabled or deleted within the lifetime of an ID token: LiSTNR keeps this list in memory and mints nothing for them.';

CREATE FUNCTION deny_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.disabled_at IS NULL THEN
    DELETE FROM denied_subjects WHERE person_id = NEW.id;
  ELSE
    INSERT INTO denied_subjects (person_id) VALUES (OLD.id) ON CONFLICT (person_id) DO UPDATE SET expires_at = excluded.expires_at;
  END IF;
  UPDATE versions SET version = version + 1 WHERE name = 'people';
  RETURN NULL;
END $$;
CREATE TRIGGER deny_on_disable AFTER UPDATE OF disabled_at ON people FOR EACH ROW
  WHEN ((OLD.disabled_at IS NULL) <> (NEW.disabled_at IS NULL)) EXECUTE FUNCTION deny_subject();
CREATE TRIGGER deny_on_delete AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION deny_subject();
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
