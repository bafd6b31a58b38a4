CREATE OR REPLACE FUNCTION check_lifetime(owner text, what text, seconds integer, low integer, high integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF seconds < low OR seconds > high THEN
    PERFORM refuse_registration(what || '_range', format('%s: %s is %s, outside %s to %s', owner, what, seconds, low, high),
      'The unit is seconds. Leave it NULL for the default.');
  END IF;
END $$;
