CREATE OR REPLACE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := OLD.updated_at;
  IF NEW IS DISTINCT FROM OLD THEN
    NEW.updated_at := now();
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION note_change IS 'Notes when a registration changed. A seed that is applied again changes nothing. The name of its trigger comes after those of the others, because they may still change the row.';
CREATE TRIGGER when_updated BEFORE UPDATE OF client_id, name, digest, expires_at, updated_at ON client_secrets FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON instances FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON listnr_accepted_issuers FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE OF client_id, name, digest, expires_at, updated_at ON listnr_client_secrets FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON listnr_clients FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON upstream_identities FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON upstream_providers FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON user_records FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER when_updated BEFORE UPDATE ON worker_ids FOR EACH ROW EXECUTE FUNCTION note_change();
