CREATE OR REPLACE FUNCTION check_trimmed(owner text, what text, given text, previous text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF given ~ '^[\s\u00A0]|[\s\u00A0]$' AND given IS DISTINCT FROM previous THEN
    PERFORM refuse_registration(what || '_trimmed', format('%s: %s "%s" begins or ends with a space', owner, what, given), 'Leave the space out.');
  END IF;
END $$;
COMMENT ON FUNCTION check_trimmed IS 'Refuses spaces around a name. A row from before this rule keeps its text.';
