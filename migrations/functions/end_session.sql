CREATE OR REPLACE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM grants WHERE session_uid = OLD.uid;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_session IS 'A session that is deleted before it expired was ended: so are the grants given in it, their codes and their tokens.';
CREATE TRIGGER end_session AFTER DELETE ON sessions FOR EACH ROW WHEN (old.expires_at > now()) EXECUTE FUNCTION end_session();
