CREATE OR REPLACE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  setting text := 'listo.bumped_' || TG_ARGV[0];
  this_transaction text := pg_current_xact_id()::text;
BEGIN
  IF current_setting(setting, true) IS DISTINCT FROM this_transaction THEN
    UPDATE versions SET version = version + 1 WHERE name = TG_ARGV[0];
    PERFORM set_config(setting, this_transaction, true);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION bump_version IS 'Raises a version once for each transaction. Its trigger is deferred to the end, so that transactions wait for each other only as long as a commit takes.';
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON client_secrets FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON clients FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON instances DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON instances FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON listnr_accepted_issuers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON listnr_accepted_issuers FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE OF name, digest, expires_at ON listnr_client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON listnr_client_secrets FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON listnr_clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON listnr_clients FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON past_public_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('keys');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON past_public_keys FOR EACH STATEMENT EXECUTE FUNCTION bump_version('keys');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON signing_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('keys');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON signing_keys FOR EACH STATEMENT EXECUTE FUNCTION bump_version('keys');
CREATE CONSTRAINT TRIGGER bump_version AFTER INSERT OR DELETE OR UPDATE ON upstream_providers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bump_version('registration');
CREATE TRIGGER bump_version_on_truncate AFTER TRUNCATE ON upstream_providers FOR EACH STATEMENT EXECUTE FUNCTION bump_version('registration');
