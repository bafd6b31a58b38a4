CREATE OR REPLACE FUNCTION has_factors(person text, names text[]) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT names <@ ARRAY(
    SELECT 'totp:' || id FROM totp_factors WHERE person_id = person
    UNION ALL SELECT 'passkey:' || encode(credential_id, 'hex') FROM passkeys WHERE person_id = person)
$$;
COMMENT ON FUNCTION has_factors IS 'Whether a person still has all factors of a list, each with its kind before its id.';
