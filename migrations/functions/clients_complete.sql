CREATE OR REPLACE FUNCTION clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'clients' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'client_id' END;
BEGIN
  -- The lock makes two transactions that each delete one of the last two secrets check one after the other.
  PERFORM FROM clients WHERE id = subject AND type = 'confidential' AND jwks IS NULL AND jwks_uri IS NULL AND token_endpoint_auth_method IS NULL FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM client_secrets WHERE client_id = subject) THEN
    PERFORM refuse_registration('confidential_client_secret', format('client "%s" is confidential and has no secret', subject),
      'Insert a row of client_secrets in the same transaction (npx listo client secret makes one), give it jwks, jwks_uri or a token_endpoint_auth_method, or make it public.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF client_id ON client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();
