CREATE OR REPLACE FUNCTION listnr_clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE key text := TG_ARGV[0];
BEGIN
  IF TG_OP <> 'DELETE' THEN PERFORM check_listnr_client_complete(to_jsonb(NEW) ->> key); END IF;
  IF TG_OP <> 'INSERT' THEN PERFORM check_listnr_client_complete(to_jsonb(OLD) ->> key); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR DELETE OR UPDATE ON listnr_accepted_issuers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('client_id');
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF client_id ON listnr_client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('client_id');
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON listnr_clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('id');
