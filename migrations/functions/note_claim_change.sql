CREATE OR REPLACE FUNCTION note_claim_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.email, NEW.email_verified, NEW.name, NEW.first_name, NEW.last_name, NEW.worker_profile_id)
    IS DISTINCT FROM (OLD.email, OLD.email_verified, OLD.name, OLD.first_name, OLD.last_name, OLD.worker_profile_id) THEN
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION note_claim_change IS 'Notes when a claim of a person changed. A seed that is applied again, and a sign-in that brings nothing new, change nothing.';
CREATE TRIGGER updated BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION note_claim_change();
