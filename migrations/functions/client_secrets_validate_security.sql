CREATE OR REPLACE FUNCTION client_secrets_validate_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM clients WHERE id = NEW.client_id AND (jwks IS NOT NULL OR jwks_uri IS NOT NULL) FOR SHARE;
  IF FOUND THEN
    PERFORM refuse_registration('client_jwks_or_secret', format('client "%s" has keys and cannot have a secret', NEW.client_id),
      'Set its jwks or jwks_uri to NULL in the same transaction, before: a client authenticates in one way.');
  END IF;
  PERFORM FROM clients WHERE id = NEW.client_id AND token_endpoint_auth_method IS NOT NULL FOR SHARE;
  IF FOUND THEN
    PERFORM refuse_registration('client_certificate_or_secret', format('client "%s" authenticates by a certificate and cannot have a secret', NEW.client_id),
      'Set its token_endpoint_auth_method to NULL in the same transaction, before: a client authenticates in one way.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_security BEFORE INSERT OR UPDATE OF client_id ON client_secrets FOR EACH ROW EXECUTE FUNCTION client_secrets_validate_security();
