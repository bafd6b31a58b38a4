CREATE OR REPLACE FUNCTION clients_validate_security() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner text := 'client "' || NEW.id || '"';
BEGIN
  IF NEW.jwks IS NOT NULL THEN
    PERFORM check_client_jwks(owner, NEW.jwks);
  END IF;
  IF NEW.jwks IS NOT NULL OR NEW.jwks_uri IS NOT NULL THEN
    IF NEW.type = 'public' THEN
      PERFORM refuse_registration('public_client_jwks', owner || ' is public and has keys', 'Set jwks and jwks_uri to NULL, or type to confidential: only a backend can keep a key.');
    END IF;
    IF EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
      PERFORM refuse_registration('client_jwks_or_secret', owner || ' has keys and a secret', 'Delete its rows of client_secrets in the same transaction, before: a client authenticates in one way.');
    END IF;
  END IF;
  IF NEW.token_endpoint_auth_method IS NOT NULL THEN
    IF NEW.type = 'public' THEN
      PERFORM refuse_registration('public_client_certificate', owner || ' is public and authenticates by a certificate', 'Set token_endpoint_auth_method to NULL, or type to confidential: only a backend can keep a key.');
    END IF;
    IF EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
      PERFORM refuse_registration('client_certificate_or_secret', owner || ' authenticates by a certificate and has a secret', 'Delete its rows of client_secrets in the same transaction, before: a client authenticates in one way.');
    END IF;
    IF NEW.token_endpoint_auth_method = 'self_signed_tls_client_auth' AND NEW.jwks_uri IS NULL
        AND NOT jsonb_path_exists(coalesce(NEW.jwks, '{}'), '$.keys[*].x5c') THEN
      PERFORM refuse_registration('client_certificate_present', owner || ' authenticates by its own certificate, and its keys have none',
        'Write the certificate into x5c of a key in jwks, or set jwks_uri, where it publishes such a key (RFC 8705 section 2.2).');
    END IF;
  END IF;
  IF NEW.type = 'public' AND NEW.may_introspect THEN
    PERFORM refuse_registration('public_client_introspection', owner || ' is public and may introspect', 'Set may_introspect to false: who has no secret is anybody.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_security BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate_security();
