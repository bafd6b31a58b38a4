import type { Knex } from 'knex';

/**
 * One place decides which end causes which (docs/tokens.md). Ending is deleting, and dependent rows go in the same
 * transaction, whether the server, a command or an admin with SQL deletes.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
CREATE TABLE sessions (
  uid text PRIMARY KEY,
  id_hash bytea NOT NULL UNIQUE,
  person_id text REFERENCES people ON DELETE CASCADE,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_person ON sessions (person_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);
COMMENT ON TABLE sessions IS 'Browsers that are signed in to an instance. Deleting a row signs that browser out and ends everything given in it.';
COMMENT ON COLUMN sessions.uid IS 'A name that stays when the session''s id changes. It is no credential.';
COMMENT ON COLUMN sessions.id_hash IS 'The SHA-256 of the id in the browser''s cookie.';
COMMENT ON COLUMN sessions.person_id IS 'Who is signed in. NULL: nobody is.';
COMMENT ON COLUMN sessions.expires_at IS 'Fourteen days after it was last used. Its grants may live longer.';
INSERT INTO sessions (uid, id_hash, person_id, payload, expires_at)
  SELECT session_uid, id_hash, p.id, payload, expires_at
  FROM artifacts LEFT JOIN people p ON p.id = payload ->> 'accountId'
  WHERE model = 'Session' AND session_uid IS NOT NULL
  ON CONFLICT DO NOTHING;
DELETE FROM artifacts WHERE model = 'Session';
ALTER TABLE artifacts DROP COLUMN session_uid, ADD COLUMN person_id text REFERENCES people ON DELETE CASCADE;
CREATE INDEX artifacts_person ON artifacts (person_id) WHERE person_id IS NOT NULL;
COMMENT ON TABLE artifacts IS 'Interactions, codes and pushed requests, found by the SHA-256 of what the browser or client holds.';
COMMENT ON COLUMN artifacts.person_id IS 'Who has just signed in, of an interaction that is not finished yet.';

CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM grants WHERE session_uid = OLD.uid;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_session IS 'A session that is deleted before it expired was ended: so are the grants given in it, their codes and their tokens.';
CREATE TRIGGER end_session AFTER DELETE ON sessions FOR EACH ROW
  WHEN (OLD.expires_at > now()) EXECUTE FUNCTION end_session();

CREATE FUNCTION end_sign_ins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM artifacts WHERE person_id = NEW.id;
  DELETE FROM sessions WHERE person_id = NEW.id;
  DELETE FROM grants WHERE person_id = NEW.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_sign_ins IS 'Signs a person out everywhere, also where they are just signing in.';
CREATE TRIGGER end_sign_ins_on_disable AFTER UPDATE OF disabled_at ON people FOR EACH ROW
  WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL) EXECUTE FUNCTION end_sign_ins();
CREATE TRIGGER end_sign_ins_on_new_password AFTER UPDATE OF password_hash ON people FOR EACH ROW
  WHEN (OLD.password_hash IS NOT NULL AND OLD.password_hash IS DISTINCT FROM NEW.password_hash) EXECUTE FUNCTION end_sign_ins();

CREATE FUNCTION end_consented() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM grants WHERE person_id = OLD.person_id AND client_id = OLD.client_id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_consented IS 'Who withdraws a consent takes back what was given by it.';
CREATE TRIGGER end_consented AFTER DELETE ON consents FOR EACH ROW EXECUTE FUNCTION end_consented();
`);
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
