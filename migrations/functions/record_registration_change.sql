CREATE OR REPLACE FUNCTION record_registration_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  hidden constant text[] := '{digest,password_hash,password_rehashed,client_secret_sealed}';
  before jsonb;
  after jsonb;
  keys text[];
BEGIN
  IF to_regclass('pg_temp.planned_changes') IS NULL AND to_regclass('pg_temp.registration_changes') IS NULL THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD) - 'updated_at'; END IF;
  IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW) - 'updated_at'; END IF;
  IF before = after THEN
    RETURN NULL;
  END IF;
  SELECT array_agg((SELECT string_agg(row_data->>key, ' ' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[0], ',')) WITH ORDINALITY AS names (key, n)) ORDER BY i) INTO keys
  FROM (VALUES (1, coalesce(before, after)), (2, coalesce(after, before))) AS rows (i, row_data);
  IF to_regclass('pg_temp.planned_changes') IS NULL THEN
    INSERT INTO pg_temp.registration_changes (table_name, operation, row_key) VALUES (TG_TABLE_NAME, lower(TG_OP), keys[2]);
    RETURN NULL;
  END IF;
  INSERT INTO pg_temp.planned_changes (table_name, operation, old_key, row_key, old, new)
  SELECT TG_TABLE_NAME, lower(TG_OP), keys[1], keys[2],
    coalesce(jsonb_object_agg(key, value) FILTER (WHERE side = 'old'), '{}'), coalesce(jsonb_object_agg(key, value) FILTER (WHERE side = 'new'), '{}')
  FROM (
    SELECT side, key, CASE
      WHEN key <> ALL (hidden) THEN value
      WHEN value #>> '{}' LIKE 'sha256:%' THEN to_jsonb(left(value #>> '{}', 15) || '…')
      ELSE to_jsonb('sha256 of it: ' || left(encode(sha256(convert_to(value #>> '{}', 'UTF8')), 'hex'), 8) || '…')
    END AS value
    FROM (
      SELECT 'old' AS side, key, value FROM jsonb_each(before) WHERE value IS DISTINCT FROM coalesce(after->key, 'null')
      UNION ALL
      SELECT 'new', key, value FROM jsonb_each(after) WHERE value IS DISTINCT FROM coalesce(before->key, 'null')
    ) AS changed
    WHERE value <> 'null'
  ) AS shown;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION record_registration_change IS 'Lists the rows that a seed file really changed, with old and new values, in the temporary table planned_changes of the commands plan, apply and seed; for the seed command of older releases without values, in registration_changes. It hides secret columns but for their first letters.';
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
