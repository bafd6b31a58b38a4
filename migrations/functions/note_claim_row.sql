CREATE OR REPLACE FUNCTION note_claim_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW IS DISTINCT FROM OLD THEN
    UPDATE people SET updated_at = now() WHERE id IN (OLD.person_id, NEW.person_id) AND coalesce(updated_at, created_at) <> now();
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION note_claim_row IS 'Notes when a claim of a person changed that has rows of its own.';
CREATE TRIGGER updated AFTER INSERT OR DELETE OR UPDATE ON user_records FOR EACH ROW EXECUTE FUNCTION note_claim_row();
CREATE TRIGGER updated AFTER INSERT OR DELETE OR UPDATE ON worker_ids FOR EACH ROW EXECUTE FUNCTION note_claim_row();
