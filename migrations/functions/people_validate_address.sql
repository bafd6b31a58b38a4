CREATE OR REPLACE FUNCTION people_validate_address() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  address text := canonical_address(NEW.email);
  other text;
BEGIN
  IF address IS NULL OR (TG_OP = 'UPDATE' AND address = canonical_address(OLD.email)) THEN RETURN NULL; END IF;
  -- The lock makes two transactions that each register the address check one after the other.
  PERFORM FROM instances WHERE id = NEW.instance_id AND authentication = 'password' FOR NO KEY UPDATE;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT id INTO other FROM people
  WHERE canonical_address(email) = address AND instance_id = NEW.instance_id AND id <> NEW.id
  ORDER BY created_at, id LIMIT 1;
  IF other IS NOT NULL THEN
    PERFORM refuse_registration('person_email_unique', format('person "%s": the person "%s" of the instance "%s" has this e-mail address', NEW.id, other, NEW.instance_id),
      'Update that person, or use another address. Capital and small letters are the same here, and so are the spellings of an accent and of a domain.');
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION people_validate_address IS 'Refuses a second person with the address of another where people sign in with a password. The people of an OpenID provider are known by their sub, and may share an address.';
CREATE TRIGGER validate_address AFTER INSERT OR UPDATE OF email ON people FOR EACH ROW EXECUTE FUNCTION people_validate_address();
