CREATE OR REPLACE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ended integer;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM tell_clients(person_id, uid, payload) FROM sessions WHERE expires_at > now();
    DELETE FROM grants WHERE session_uid IN (SELECT uid FROM sessions WHERE expires_at > now());
    PERFORM record_audit('session.ended', NULL, NULL, NULL, '{"all": true}');
  ELSE
    PERFORM tell_clients(OLD.person_id, OLD.uid, OLD.payload);
    DELETE FROM grants WHERE session_uid = OLD.uid;
    GET DIAGNOSTICS ended = ROW_COUNT;
    IF OLD.person_id IS NOT NULL THEN
      PERFORM record_audit('session.ended', OLD.person_id, NULL, NULL,
        jsonb_strip_nulls(jsonb_build_object('session', OLD.uid, 'grants', ended, 'cause', nullif(current_setting('listo.cause', true), ''))));
    END IF;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_session IS 'Deleting a session before it expires ends the grants given in it, with their codes and tokens, and tells its applications.';
CREATE TRIGGER end_session AFTER DELETE ON sessions FOR EACH ROW WHEN (old.expires_at > now()) EXECUTE FUNCTION end_session();
CREATE TRIGGER end_session_on_truncate BEFORE TRUNCATE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION end_session();
