CREATE OR REPLACE FUNCTION password_fingerprint(password_hash text, password_rehashed text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE split_part(password_rehashed, ':', 1) WHEN digest THEN split_part(password_rehashed, ':', 2) ELSE digest END
  FROM encode(sha256(convert_to(password_hash, 'UTF8')), 'hex') AS digest
$$;
COMMENT ON FUNCTION password_fingerprint IS 'Tells one password of a person from another: the SHA-256 of its first hash, also after a sign-in replaced that hash. A sign-in under way, and whatever ends with a password, go by it.';
