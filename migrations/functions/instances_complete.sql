CREATE OR REPLACE FUNCTION instances_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'instances' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'instance_id' END;
BEGIN
  -- The lock makes two transactions that each remove a part check one after the other.
  PERFORM FROM instances WHERE id = subject AND authentication = 'oidc' FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM upstream_providers WHERE instance_id = subject) THEN
    PERFORM refuse_registration('instance_has_upstream', format('instance "%s" signs people in through an OpenID provider, and has none', subject),
      'Insert its row of upstream_providers in the same transaction, or set its authentication to password.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON instances DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION instances_complete();
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF instance_id ON upstream_providers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION instances_complete();
