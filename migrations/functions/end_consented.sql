CREATE OR REPLACE FUNCTION end_consented() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM grants WHERE person_id = OLD.person_id AND client_id = OLD.client_id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION end_consented IS 'Withdrawing a consent ends the grants of the person at that client.';
CREATE TRIGGER end_consented AFTER DELETE ON consents FOR EACH ROW EXECUTE FUNCTION end_consented();
