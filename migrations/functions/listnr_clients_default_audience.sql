CREATE OR REPLACE FUNCTION listnr_clients_default_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.audience := coalesce(NEW.audience, NEW.id);
  RETURN NEW;
END $$;
CREATE TRIGGER default_audience BEFORE INSERT OR UPDATE ON listnr_clients FOR EACH ROW EXECUTE FUNCTION listnr_clients_default_audience();
