CREATE OR REPLACE FUNCTION factors_of(person text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object(
    'password', EXISTS (SELECT FROM people WHERE id = person AND password_hash IS NOT NULL),
    'totp', EXISTS (SELECT FROM totp_factors WHERE person_id = person),
    'passkeys', (SELECT count(*) FROM passkeys WHERE person_id = person),
    'recoveryCodes', (SELECT count(*) FROM recovery_codes WHERE person_id = person))
$$;
COMMENT ON FUNCTION factors_of IS 'Lists the proofs that a person can give at this moment. The server asks at each sign-in.';
