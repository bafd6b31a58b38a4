CREATE OR REPLACE FUNCTION listnr_client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind text;
BEGIN
  -- With the lock, a change of the client's pattern waits and sees this secret.
  SELECT pattern INTO kind FROM listnr_clients WHERE id = NEW.client_id FOR SHARE;
  IF kind = 'authenticated_user' THEN
    PERFORM refuse_registration('listnr_secret_pattern', format('LiSTNR client "%s" acts for signed-in users and cannot have a secret', NEW.client_id),
      'Leave the secret out.');
  END IF;
  PERFORM check_digest(format('secret "%s" of LiSTNR client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE OF client_id, name, digest ON listnr_client_secrets FOR EACH ROW EXECUTE FUNCTION listnr_client_secrets_validate();
