CREATE OR REPLACE FUNCTION record_registration_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row_data jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
  IF to_regclass('pg_temp.registration_changes') IS NOT NULL AND (TG_OP <> 'UPDATE' OR to_jsonb(OLD) <> row_data) THEN
    INSERT INTO pg_temp.registration_changes (table_name, operation, row_key)
    VALUES (TG_TABLE_NAME, lower(TG_OP), (SELECT string_agg(row_data ->> key, ' ' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[0], ',')) WITH ORDINALITY AS keys (key, n)));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION record_registration_change IS 'Lists the rows that a seed file really changed, in a temporary table that the seed command makes.';
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
