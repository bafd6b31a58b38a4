CREATE OR REPLACE FUNCTION check_digest(owner text, digest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- The message does not repeat the value, which may be a secret.
  IF digest !~ '^sha256:[0-9a-f]{64}$' AND NOT (starts_with(digest, 'argon2id:') AND is_argon2id(substr(digest, 10))) THEN
    PERFORM refuse_registration('digest_format', format('%s: the digest is not one', owner),
      'Make a secret with: npx listo client secret. It prints the digest to write here: sha256: and 64 hex digits. Never write the secret itself.');
  END IF;
END $$;
