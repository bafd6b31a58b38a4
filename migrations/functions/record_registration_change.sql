CREATE OR REPLACE FUNCTION record_registration_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before jsonb;
  after jsonb;
BEGIN
  IF to_regclass('pg_temp.planned_changes') IS NULL AND to_regclass('pg_temp.registration_changes') IS NULL THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD) - 'updated_at'; END IF;
  IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW) - 'updated_at'; END IF;
  IF before = after THEN
    RETURN NULL;
  END IF;
  IF to_regclass('pg_temp.planned_changes') IS NOT NULL THEN
    INSERT INTO pg_temp.planned_changes (table_name, operation, key_columns, old, new)
    VALUES (TG_TABLE_NAME, lower(TG_OP), string_to_array(TG_ARGV[0], ','), before, after);
    RETURN NULL;
  END IF;
  INSERT INTO pg_temp.registration_changes (table_name, operation, row_key)
  VALUES (TG_TABLE_NAME, lower(TG_OP), (SELECT string_agg(coalesce(after, before)->>key, ' ' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[0], ',')) WITH ORDINALITY AS keys (key, n)));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION record_registration_change IS 'Lists the rows that a seed file really changed, as they were and are, in the temporary table planned_changes of the commands plan, apply and seed; for the seed command of older releases in registration_changes.';
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON client_secrets FOR EACH ROW EXECUTE FUNCTION record_registration_change('client_id,name');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION record_registration_change('id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON instances FOR EACH ROW EXECUTE FUNCTION record_registration_change('id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON listnr_accepted_issuers FOR EACH ROW EXECUTE FUNCTION record_registration_change('client_id,issuer');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON listnr_client_secrets FOR EACH ROW EXECUTE FUNCTION record_registration_change('client_id,name');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON listnr_clients FOR EACH ROW EXECUTE FUNCTION record_registration_change('id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE OF id, instance_id, email, email_verified, name, first_name, last_name, worker_profile_id, password_hash, disabled_at, created_at ON people FOR EACH ROW EXECUTE FUNCTION record_registration_change('id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON upstream_identities FOR EACH ROW EXECUTE FUNCTION record_registration_change('person_id,issuer');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON upstream_providers FOR EACH ROW EXECUTE FUNCTION record_registration_change('instance_id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON user_records FOR EACH ROW EXECUTE FUNCTION record_registration_change('person_id,id');
CREATE TRIGGER record_change AFTER INSERT OR DELETE OR UPDATE ON worker_ids FOR EACH ROW EXECUTE FUNCTION record_registration_change('person_id,worker_id');
