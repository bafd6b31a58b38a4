CREATE OR REPLACE FUNCTION end_consented() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ended integer;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM tell_client(person_id, client_id) FROM consents;
    DELETE FROM grants USING consents WHERE grants.person_id = consents.person_id AND grants.client_id = consents.client_id;
    PERFORM record_audit('consent.withdrawn', NULL, NULL, NULL, '{"all": true}');
  ELSE
    PERFORM tell_client(OLD.person_id, OLD.client_id);
    DELETE FROM grants WHERE person_id = OLD.person_id AND client_id = OLD.client_id;
    GET DIAGNOSTICS ended = ROW_COUNT;
    IF pg_trigger_depth() = 1 THEN
      PERFORM record_audit('consent.withdrawn', OLD.person_id, OLD.client_id, NULL, jsonb_build_object('scopes', to_jsonb(OLD.scopes), 'grants', ended));
    END IF;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_consented IS 'Withdrawing a consent ends the grants of the person at that client, and tells it.';
CREATE TRIGGER end_consented AFTER DELETE ON consents FOR EACH ROW EXECUTE FUNCTION end_consented();
CREATE TRIGGER end_consented_on_truncate BEFORE TRUNCATE ON consents FOR EACH STATEMENT EXECUTE FUNCTION end_consented();
