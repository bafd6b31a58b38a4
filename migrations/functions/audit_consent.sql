CREATE OR REPLACE FUNCTION audit_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_audit('consent.given', NEW.person_id, NEW.client_id, NULL, jsonb_build_object('scopes', to_jsonb(NEW.scopes), 'hosts', to_jsonb(NEW.redirect_hosts)));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION audit_consent IS 'Writes what a person allowed an application. The function end_consented writes that it was withdrawn.';
CREATE TRIGGER audit_consent AFTER INSERT OR UPDATE OF scopes, granted_at, redirect_hosts ON consents FOR EACH ROW EXECUTE FUNCTION audit_consent();
