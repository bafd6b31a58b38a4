CREATE OR REPLACE FUNCTION end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('listo.cause', 'person.deleted', true);
  DELETE FROM sessions WHERE person_id = OLD.id;
  PERFORM set_config('listo.cause', '', true);
  RETURN OLD;
END $$;
COMMENT ON FUNCTION end_sessions IS 'Ends the sessions of a person who is deleted while the person is still there, so that their instance is known.';
CREATE TRIGGER end_sessions BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION end_sessions();
