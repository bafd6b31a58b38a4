CREATE OR REPLACE FUNCTION upstream_providers_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  columns text[] := ARRAY['email', 'email_verified', 'name', 'first_name', 'last_name', 'worker_profile_id'];
  owner text := format('the upstream provider of "%s"', NEW.instance_id);
  member record;
BEGIN
  PERFORM require_instance('the upstream provider "' || NEW.issuer || '"', NEW.instance_id);
  IF jsonb_typeof(NEW.claim_mapping) = 'object' THEN
    FOR member IN SELECT key, value FROM jsonb_each(NEW.claim_mapping) LOOP
      IF NOT member.key = ANY (columns) THEN
        PERFORM refuse_registration('upstream_claim_mapping_known', format('%s maps a claim to "%s"', owner, member.key),
          format('The columns that a claim can fill are: %s.', array_to_string(columns, ', ')));
      END IF;
      IF jsonb_typeof(member.value) <> 'string' OR member.value = '""' THEN
        PERFORM refuse_registration('upstream_claim_mapping_name', format('%s maps to "%s" what is not the name of a claim', owner, member.key),
          'Write the name of one claim as a string: {"email": "mail"}.');
      END IF;
    END LOOP;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON upstream_providers FOR EACH ROW EXECUTE FUNCTION upstream_providers_validate();
