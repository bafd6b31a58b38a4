CREATE OR REPLACE FUNCTION refuse_registration(constraint_name text, message text, hint text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', message USING ERRCODE = 'check_violation', CONSTRAINT = constraint_name, HINT = hint;
END $$;
COMMENT ON FUNCTION refuse_registration IS 'Raises check_violation with a readable message and a hint that says what to do.';
