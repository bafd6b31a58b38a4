CREATE OR REPLACE FUNCTION people_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := format('person "%s"', NEW.id);
  home text;
BEGIN
  PERFORM check_name(owner, 'email', NEW.email, OLD.email);
  IF NEW.email ~ '[\u0085\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]' AND NEW.email IS DISTINCT FROM OLD.email THEN
    PERFORM refuse_registration('person_email_format', format('%s: the e-mail address has a space', owner), 'Write one address with one @ and no spaces, up to 254 characters.');
  END IF;
  PERFORM check_name(owner, 'name', NEW.name, OLD.name);
  PERFORM check_name(owner, 'first_name', NEW.first_name, OLD.first_name);
  PERFORM check_name(owner, 'last_name', NEW.last_name, OLD.last_name);
  PERFORM require_instance('person "' || coalesce(NEW.email, NEW.id) || '"', NEW.instance_id);
  SELECT instance_id INTO home FROM people WHERE id = NEW.id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('person_instance_fixed', format('person "%s" belongs to the instance "%s" and cannot move to "%s"', NEW.id, home, NEW.instance_id),
      'Register a new person there, with an id of its own: sessions and tokens are tied to the instance.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION people_validate();
