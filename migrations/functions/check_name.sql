CREATE OR REPLACE FUNCTION check_name(owner text, what text, given text, previous text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE hidden text := substring(given FROM '[\u0001-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]');
BEGIN
  IF hidden IS NOT NULL AND given IS DISTINCT FROM previous THEN
    PERFORM refuse_registration(what || '_visible', format('%s: %s has the control character U+%s', owner, what, lpad(upper(to_hex(ascii(hidden))), 4, '0')),
      'Leave it out. Control characters, and those that change the direction of text, make people read something else than what is written.');
  END IF;
END $$;
COMMENT ON FUNCTION check_name IS 'Refuses control characters in a text that people are shown. A row from before this rule keeps its text.';
