CREATE OR REPLACE FUNCTION end_sign_ins() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('listo.cause', CASE TG_NAME WHEN 'end_sign_ins_on_disable' THEN 'person.disabled' ELSE 'password.changed' END, true);
  DELETE FROM pending_sign_ins WHERE person_id = NEW.id;
  DELETE FROM artifacts WHERE person_id = NEW.id;
  DELETE FROM sessions WHERE person_id = NEW.id;
  DELETE FROM grants WHERE person_id = NEW.id;
  PERFORM set_config('listo.cause', '', true);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_sign_ins IS 'Signs a person out everywhere, also where they are just signing in.';
CREATE TRIGGER end_sign_ins_on_disable AFTER UPDATE OF disabled_at ON people FOR EACH ROW WHEN (old.disabled_at IS NULL AND new.disabled_at IS NOT NULL) EXECUTE FUNCTION end_sign_ins();
CREATE TRIGGER end_sign_ins_on_new_password AFTER UPDATE OF password_hash ON people FOR EACH ROW WHEN (old.password_hash IS NOT NULL AND password_fingerprint(old.password_hash, old.password_rehashed) IS DISTINCT FROM password_fingerprint(new.password_hash, new.password_rehashed)) EXECUTE FUNCTION end_sign_ins();
