CREATE OR REPLACE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  thing text := TG_ARGV[0];
  row_data jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
  before jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) ELSE '{}' END;
  after jsonb := CASE WHEN TG_OP IN ('UPDATE', 'INSERT') THEN to_jsonb(NEW) ELSE '{}' END;
  hidden text[] := string_to_array(TG_ARGV[4], ',');
  changed text[];
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM record_audit(thing || '.deleted', NULL, NULL, NULL, '{"all": true}');
    RETURN NULL;
  END IF;
  SELECT array_agg(key ORDER BY key) INTO changed FROM jsonb_object_keys(row_data) AS key
  WHERE key <> 'updated_at' AND coalesce(before->key, 'null') IS DISTINCT FROM coalesce(after->key, 'null');
  IF changed IS NOT NULL THEN
    PERFORM record_audit(
      thing || CASE TG_OP WHEN 'INSERT' THEN '.created' WHEN 'UPDATE' THEN '.changed' ELSE '.deleted' END,
      row_data->>TG_ARGV[1], row_data->>TG_ARGV[2], row_data->>TG_ARGV[3],
      jsonb_strip_nulls(jsonb_build_object(
        'key', (SELECT string_agg(row_data->>key, ' ' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[5], ',')) WITH ORDINALITY AS keys (key, n)),
        'named', (SELECT jsonb_agg(key) FROM unnest(changed) AS key WHERE key = ANY (hidden)))) ||
      jsonb_build_object(
        'old', (SELECT coalesce(jsonb_object_agg(key, before->key), '{}') FROM unnest(changed) AS key WHERE key <> ALL (hidden) AND TG_OP <> 'INSERT'),
        'new', (SELECT coalesce(jsonb_object_agg(key, after->key), '{}') FROM unnest(changed) AS key WHERE key <> ALL (hidden) AND TG_OP <> 'DELETE')));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_change IS 'Writes what was registered, changed or deleted, whichever way it came. Its arguments: the thing; the columns with the person, client and instance; the columns whose values are kept from the trail; the key.';
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON client_secrets FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('client_secret', '', 'client_id', '', 'digest,last_used_at', 'client_id,name');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON client_secrets FOR EACH STATEMENT EXECUTE FUNCTION audit_change('client_secret');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON clients FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('client', '', 'id', 'instance_id', '', 'id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON clients FOR EACH STATEMENT EXECUTE FUNCTION audit_change('client');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON instances FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('instance', '', '', 'id', '', 'id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON instances FOR EACH STATEMENT EXECUTE FUNCTION audit_change('instance');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON listnr_accepted_issuers FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('listnr_accepted_issuer', '', 'client_id', '', '', 'client_id,issuer');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON listnr_accepted_issuers FOR EACH STATEMENT EXECUTE FUNCTION audit_change('listnr_accepted_issuer');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON listnr_client_secrets FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('listnr_client_secret', '', 'client_id', '', 'digest,last_used_at', 'client_id,name');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON listnr_client_secrets FOR EACH STATEMENT EXECUTE FUNCTION audit_change('listnr_client_secret');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON listnr_clients FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('listnr_client', '', 'id', '', '', 'id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON listnr_clients FOR EACH STATEMENT EXECUTE FUNCTION audit_change('listnr_client');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON signing_keys FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('signing_key', '', '', '', 'private_jwk_sealed', 'kid');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON signing_keys FOR EACH STATEMENT EXECUTE FUNCTION audit_change('signing_key');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON upstream_identities FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('upstream_identity', 'person_id', '', 'instance_id', 'subject', 'person_id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON upstream_identities FOR EACH STATEMENT EXECUTE FUNCTION audit_change('upstream_identity');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON upstream_providers FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('upstream_provider', '', '', 'instance_id', 'client_secret_sealed', 'instance_id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON upstream_providers FOR EACH STATEMENT EXECUTE FUNCTION audit_change('upstream_provider');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON user_records FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('user_record', 'person_id', '', '', '', 'person_id,id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON user_records FOR EACH STATEMENT EXECUTE FUNCTION audit_change('user_record');
CREATE TRIGGER audit_change AFTER INSERT OR DELETE OR UPDATE ON worker_ids FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_change('worker_id', 'person_id', '', '', '', 'person_id,worker_id');
CREATE TRIGGER audit_change_on_truncate AFTER TRUNCATE ON worker_ids FOR EACH STATEMENT EXECUTE FUNCTION audit_change('worker_id');
