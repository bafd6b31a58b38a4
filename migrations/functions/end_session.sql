CREATE OR REPLACE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM grants WHERE session_uid IN (SELECT uid FROM sessions WHERE expires_at > now());
  ELSE
    DELETE FROM grants WHERE session_uid = OLD.uid;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_session IS 'Deleting a session before it expires ends the grants given in it, with their codes and tokens.';
CREATE TRIGGER end_session AFTER DELETE ON sessions FOR EACH ROW WHEN (old.expires_at > now()) EXECUTE FUNCTION end_session();
CREATE TRIGGER end_session_on_truncate BEFORE TRUNCATE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION end_session();
