CREATE OR REPLACE FUNCTION audit_factor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM record_audit(TG_ARGV[0], NULL, NULL, NULL, '{"all": true}');
  ELSE
    PERFORM record_audit(TG_ARGV[0], OLD.person_id, NULL, NULL, CASE TG_TABLE_NAME
      WHEN 'passkeys' THEN jsonb_build_object('passkey', left(encode((to_jsonb(OLD)->>'credential_id')::bytea, 'hex'), 16))
      ELSE jsonb_build_object('kind', 'totp') END);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_factor IS 'Writes that a person lost a factor, whichever way it came. With a person who is deleted, their factors go without an event of their own.';
CREATE TRIGGER audit_factor AFTER DELETE ON passkeys FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_factor('passkey.removed');
CREATE TRIGGER audit_factor_on_truncate AFTER TRUNCATE ON passkeys FOR EACH STATEMENT EXECUTE FUNCTION audit_factor('passkey.removed');
CREATE TRIGGER audit_factor AFTER DELETE ON totp_factors FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_factor('factor.removed');
CREATE TRIGGER audit_factor_on_truncate AFTER TRUNCATE ON totp_factors FOR EACH STATEMENT EXECUTE FUNCTION audit_factor('factor.removed');
