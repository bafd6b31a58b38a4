CREATE OR REPLACE FUNCTION forget_recovery_codes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM recovery_codes WHERE person_id = OLD.person_id
    AND NOT EXISTS (SELECT FROM totp_factors WHERE person_id = OLD.person_id)
    AND NOT EXISTS (SELECT FROM passkeys WHERE person_id = OLD.person_id);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION forget_recovery_codes IS 'Deletes the recovery codes of a person with the last factor for which they stand in.';
CREATE TRIGGER forget_recovery_codes AFTER DELETE ON passkeys FOR EACH ROW EXECUTE FUNCTION forget_recovery_codes();
CREATE TRIGGER forget_recovery_codes AFTER DELETE ON totp_factors FOR EACH ROW EXECUTE FUNCTION forget_recovery_codes();
