CREATE OR REPLACE FUNCTION check_list(owner text, what text, given text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF array_ndims(given) > 1 THEN
    PERFORM refuse_registration('list_flat', format('%s: %s is a list of lists', owner, what), 'Write one list: ARRAY[''first'', ''second''].');
  END IF;
END $$;
