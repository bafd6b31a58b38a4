CREATE OR REPLACE FUNCTION people_validate_address() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE other text;
BEGIN
  IF NEW.email IS NULL OR (TG_OP = 'UPDATE' AND lower(NEW.email) = lower(OLD.email)) THEN RETURN NULL; END IF;
  -- The lock makes two transactions that each register the address check one after the other.
  PERFORM FROM instances WHERE id = NEW.instance_id AND authentication = 'password' FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT id INTO other FROM people
  WHERE instance_id = NEW.instance_id AND lower(email) = lower(NEW.email) AND password_hash IS NULL AND id <> NEW.id LIMIT 1;
  -- The unique index refuses the second of two people with a password.
  IF other IS NULL AND NEW.password_hash IS NULL THEN
    SELECT id INTO other FROM people
    WHERE instance_id = NEW.instance_id AND lower(email) = lower(NEW.email) AND password_hash IS NOT NULL;
  END IF;
  IF other IS NOT NULL THEN
    PERFORM refuse_registration('person_email_unique', format('person "%s": the person "%s" of the instance "%s" has this e-mail address', NEW.id, other, NEW.instance_id),
      'Update that person, or use another address. Capital and small letters are the same here.');
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION people_validate_address IS 'Refuses a second person with the address of another where people sign in with a password. The people of an OpenID provider are known by their sub, and may share an address.';
CREATE TRIGGER validate_address AFTER INSERT OR UPDATE OF email ON people FOR EACH ROW EXECUTE FUNCTION people_validate_address();
