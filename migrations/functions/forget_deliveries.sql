CREATE OR REPLACE FUNCTION forget_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM deliveries WHERE client_id IS NOT NULL;
  ELSE
    DELETE FROM deliveries WHERE client_id = OLD.id;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION forget_deliveries IS 'Nothing is sent to an application that is deleted, nor to another one that gets its id. A reference would make each sign-out wait for whoever changes the application.';
CREATE TRIGGER forget_deliveries AFTER DELETE ON clients FOR EACH ROW EXECUTE FUNCTION forget_deliveries();
CREATE TRIGGER forget_deliveries_on_truncate AFTER TRUNCATE ON clients FOR EACH STATEMENT EXECUTE FUNCTION forget_deliveries();
