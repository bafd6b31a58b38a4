CREATE OR REPLACE FUNCTION audit_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  named jsonb;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM record_audit('person.deleted', NULL, NULL, NULL, '{"all": true}');
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM record_audit('person.created', NEW.id, NULL, NEW.instance_id, jsonb_build_object('password', NEW.password_hash IS NOT NULL, 'disabled', NEW.disabled_at IS NOT NULL));
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM record_audit('person.deleted', OLD.id, NULL, OLD.instance_id);
  ELSE
    IF (OLD.disabled_at IS NULL) <> (NEW.disabled_at IS NULL) THEN
      PERFORM record_audit(CASE WHEN NEW.disabled_at IS NULL THEN 'person.enabled' ELSE 'person.disabled' END, NEW.id, NULL, NEW.instance_id);
    END IF;
    IF password_fingerprint(OLD.password_hash, OLD.password_rehashed) IS DISTINCT FROM password_fingerprint(NEW.password_hash, NEW.password_rehashed) THEN
      PERFORM record_audit('password.changed', NEW.id, NULL, NEW.instance_id, jsonb_build_object('had', OLD.password_hash IS NOT NULL, 'has', NEW.password_hash IS NOT NULL));
    END IF;
    IF OLD.email IS DISTINCT FROM NEW.email THEN
      PERFORM record_audit('address.changed', NEW.id, NULL, NEW.instance_id, jsonb_build_object('had', OLD.email IS NOT NULL, 'has', NEW.email IS NOT NULL));
    END IF;
    SELECT jsonb_agg(key ORDER BY key) INTO named FROM jsonb_object_keys(to_jsonb(NEW)) AS key
    WHERE to_jsonb(OLD)->key <> to_jsonb(NEW)->key AND key NOT IN ('disabled_at', 'password_hash', 'password_rehashed', 'email', 'updated_at');
    IF named IS NOT NULL THEN
      PERFORM record_audit('person.changed', NEW.id, NULL, NEW.instance_id, jsonb_build_object('named', named));
    END IF;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_person IS 'Writes what became of a person, whichever way it came. The trail has the names of the columns, never their values: who is deleted leaves only an id there.';
CREATE TRIGGER audit_person AFTER INSERT OR DELETE OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION audit_person();
CREATE TRIGGER audit_person_on_truncate AFTER TRUNCATE ON people FOR EACH STATEMENT EXECUTE FUNCTION audit_person();
