CREATE OR REPLACE FUNCTION deny_subject() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO denied_subjects (person_id) SELECT id FROM people ON CONFLICT (person_id) DO UPDATE SET expires_at = excluded.expires_at;
  ELSIF TG_OP = 'UPDATE' AND NEW.disabled_at IS NULL THEN
    DELETE FROM denied_subjects WHERE person_id = NEW.id;
  ELSE
    INSERT INTO denied_subjects (person_id) VALUES (OLD.id) ON CONFLICT (person_id) DO UPDATE SET expires_at = excluded.expires_at;
  END IF;
  UPDATE versions SET version = version + 1 WHERE name = 'people';
  RETURN NULL;
END $$;
CREATE TRIGGER deny_on_delete AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION deny_subject();
CREATE TRIGGER deny_on_disable AFTER UPDATE OF disabled_at ON people FOR EACH ROW WHEN ((old.disabled_at IS NULL) <> (new.disabled_at IS NULL)) EXECUTE FUNCTION deny_subject();
CREATE TRIGGER deny_on_truncate BEFORE TRUNCATE ON people FOR EACH STATEMENT EXECUTE FUNCTION deny_subject();
