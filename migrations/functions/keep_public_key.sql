CREATE OR REPLACE FUNCTION keep_public_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_public_keys (kid, alg, public_jwk) VALUES (OLD.kid, OLD.alg, OLD.public_jwk) ON CONFLICT (kid) DO NOTHING;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION keep_public_key IS 'When a rotation removes a retired key, keeps its public half for hints. A key that is deleted while it signs was dropped, and nothing of it is kept.';
CREATE TRIGGER keep_public_key AFTER DELETE ON signing_keys FOR EACH ROW WHEN (old.key_set = 'oidc'::text AND old.state = 'retired'::text) EXECUTE FUNCTION keep_public_key();
