CREATE OR REPLACE FUNCTION check_words(owner text, what text, given text[], known text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE word text;
BEGIN
  PERFORM check_list(owner, what || 's', given);
  FOREACH word IN ARRAY coalesce(given, '{}') LOOP
    IF word IS NULL OR NOT word = ANY (known) THEN
      PERFORM refuse_registration(what || '_known', format('%s: unknown %s "%s"', owner, what, word),
        format('Known are: %s.', array_to_string(known, ', ')));
    END IF;
  END LOOP;
END $$;
