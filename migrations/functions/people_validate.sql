CREATE OR REPLACE FUNCTION people_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE home text;
BEGIN
  PERFORM require_instance('person "' || coalesce(NEW.email, NEW.id) || '"', NEW.instance_id);
  SELECT instance_id INTO home FROM people WHERE id = NEW.id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('person_instance_fixed', format('person "%s" belongs to the instance "%s" and cannot move to "%s"', NEW.id, home, NEW.instance_id),
      'Register a new person there, with an id of its own: sessions and tokens are tied to the instance.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION people_validate();
