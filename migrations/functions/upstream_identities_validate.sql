CREATE OR REPLACE FUNCTION upstream_identities_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := format('identity "%s" of "%s"', NEW.subject, NEW.instance_id);
  other text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  SELECT instance_id INTO other FROM people WHERE id = NEW.person_id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('upstream_identity_instance', format('%s is given to a person of the instance "%s"', owner, other),
      'Name a person of the same instance in person_id.');
  END IF;
  SELECT issuer INTO other FROM upstream_providers WHERE instance_id = NEW.instance_id AND issuer <> NEW.issuer;
  IF FOUND THEN
    PERFORM refuse_registration('upstream_identity_issuer', format('%s names the issuer "%s", which is not its instance''s', owner, NEW.issuer),
      format('Write it as in upstream_providers: %s', other));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON upstream_identities FOR EACH ROW EXECUTE FUNCTION upstream_identities_validate();
