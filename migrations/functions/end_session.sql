CREATE OR REPLACE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM grants WHERE session_uid = OLD.uid;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_session IS 'Deleting a session before it expires ends the grants given in it, with their codes and tokens.';
CREATE TRIGGER end_session AFTER DELETE ON sessions FOR EACH ROW WHEN (old.expires_at > now()) EXECUTE FUNCTION end_session();
