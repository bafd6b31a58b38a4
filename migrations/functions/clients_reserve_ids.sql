CREATE OR REPLACE FUNCTION clients_reserve_ids() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF starts_with(NEW.id, 'listo-account.') THEN
    PERFORM refuse_registration('client_id_reserved', format('client "%s" has an id that begins with listo-account., which this server keeps for the pages of people''s own accounts', NEW.id),
      'Choose another id.');
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION clients_reserve_ids IS 'Refuses ids that belong to clients which nobody registers: those of the pages at /account.';
CREATE TRIGGER reserve_ids BEFORE INSERT OR UPDATE OF id ON clients FOR EACH ROW EXECUTE FUNCTION clients_reserve_ids();
