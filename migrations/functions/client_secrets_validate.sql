CREATE OR REPLACE FUNCTION client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind text;
BEGIN
  -- With the lock, a change of the client's type waits and sees this secret.
  SELECT type INTO kind FROM clients WHERE id = NEW.client_id FOR SHARE;
  IF kind = 'public' THEN
    PERFORM refuse_registration('public_client_secret', format('client "%s" is public and cannot have a secret', NEW.client_id),
      'Leave the secret out, or make the client confidential.');
  END IF;
  PERFORM check_digest(format('secret "%s" of client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE OF client_id, name, digest ON client_secrets FOR EACH ROW EXECUTE FUNCTION client_secrets_validate();
