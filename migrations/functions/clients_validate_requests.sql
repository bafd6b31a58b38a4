CREATE OR REPLACE FUNCTION clients_validate_requests() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner text := 'client "' || NEW.id || '"';
BEGIN
  IF NEW.response_modes IS NOT NULL THEN
    PERFORM check_list(owner, 'response_modes', NEW.response_modes);
  END IF;
  IF NEW.require_signed_request_object AND NEW.jwks IS NULL AND NEW.jwks_uri IS NULL THEN
    PERFORM refuse_registration('signed_request_keys', owner || ' must sign its requests and has no keys', 'Write its public keys into jwks or their address into jwks_uri, or set require_signed_request_object to false.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_requests BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate_requests();
