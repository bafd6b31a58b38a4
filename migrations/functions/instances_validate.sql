CREATE OR REPLACE FUNCTION instances_validate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM check_name(format('instance "%s"', NEW.id), 'name', NEW.name, OLD.name);
  PERFORM check_trimmed(format('instance "%s"', NEW.id), 'name', NEW.name, OLD.name);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON instances FOR EACH ROW EXECUTE FUNCTION instances_validate();
