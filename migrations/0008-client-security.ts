import type { Knex } from 'knex';

/** Options that go beyond the usual: keys instead of a secret, DPoP, other signatures, introspection. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `
ALTER TABLE clients
  ADD COLUMN jwks jsonb,
  ADD COLUMN require_dpop boolean NOT NULL DEFAULT false,
  ADD COLUMN id_token_signed_response_alg text NOT NULL DEFAULT 'RS256'
    CONSTRAINT id_token_signed_response_alg_known CHECK (id_token_signed_response_alg IN ('RS256', 'ES256', 'EdDSA')),
  ADD COLUMN may_introspect boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clients.jwks IS 'Public keys that a confidential client signs its assertions with (private_key_jwt, RFC 7523), instead of a secret. NULL: it has a secret.';
COMMENT ON COLUMN clients.require_dpop IS 'Whether every token is bound to a key of the client (DPoP, RFC 9449). Otherwise a client that sends a proof gets a bound token all the same.';
COMMENT ON COLUMN clients.id_token_signed_response_alg IS 'How its ID tokens are signed: RS256, ES256 or EdDSA.';
COMMENT ON COLUMN clients.may_introspect IS 'Whether it is an API that may introspect the access tokens of every client of its instance (RFC 7662).';
COMMENT ON CONSTRAINT id_token_signed_response_alg_known ON clients IS 'Write RS256, ES256 or EdDSA, or leave it out for RS256.';

CREATE FUNCTION check_client_jwks(owner text, jwks jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE key jsonb;
BEGIN
  IF jsonb_typeof(jwks -> 'keys') IS DISTINCT FROM 'array' OR jsonb_array_length(jwks -> 'keys') NOT BETWEEN 1 AND 10 THEN
    PERFORM refuse_registration('client_jwks_format', owner || ': jwks is not a set of one to ten keys', 'Write {"keys": [ … ]} with public JWKs (RFC 7517).');
  END IF;
  FOR key IN SELECT jsonb_array_elements(jwks -> 'keys') LOOP
    IF key ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] THEN
      PERFORM refuse_registration('client_jwks_public', owner || ': jwks has a private key',
        'Make a new key pair, because this one is no secret any more, and write its public members only.');
    END IF;
    IF NOT coalesce(CASE key ->> 'kty'
      WHEN 'RSA' THEN length(key ->> 'n') >= 342 AND key ->> 'e' <> ''
      WHEN 'EC' THEN key ->> 'crv' = 'P-256' AND length(key ->> 'x') = 43 AND length(key ->> 'y') = 43
      WHEN 'OKP' THEN key ->> 'crv' = 'Ed25519' AND length(key ->> 'x') = 43
    END, false) THEN
      PERFORM refuse_registration('client_jwks_key', owner || ': jwks has a key that cannot be used',
        'Use RSA of 2048 bits or more, EC on P-256, or OKP on Ed25519.');
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION clients_validate_security() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owner text := 'client "' || NEW.id || '"';
BEGIN
  IF NEW.jwks IS NOT NULL THEN
    PERFORM check_client_jwks(owner, NEW.jwks);
    IF NEW.type = 'public' THEN
      PERFORM refuse_registration('public_client_jwks', owner || ' is public and has keys', 'Set jwks to NULL, or type to confidential: only a backend can keep a key.');
    END IF;
    IF EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
      PERFORM refuse_registration('client_jwks_or_secret', owner || ' has keys and a secret', 'Delete its rows of client_secrets in the same transaction, before: a client authenticates in one way.');
    END IF;
  END IF;
  IF NEW.type = 'public' AND NEW.may_introspect THEN
    PERFORM refuse_registration('public_client_introspection', owner || ' is public and may introspect', 'Set may_introspect to false: who has no secret is anybody.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_security BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate_security();

CREATE FUNCTION client_secrets_validate_security() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM clients WHERE id = NEW.client_id AND jwks IS NOT NULL FOR SHARE;
  IF FOUND THEN
    PERFORM refuse_registration('client_jwks_or_secret', format('client "%s" has keys and cannot have a secret', NEW.client_id),
      'Set its jwks to NULL in the same transaction, before: a client authenticates in one way.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_security BEFORE INSERT OR UPDATE OF client_id ON client_secrets FOR EACH ROW EXECUTE FUNCTION client_secrets_validate_security();

CREATE OR REPLACE FUNCTION clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'clients' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'client_id' END;
BEGIN
  -- The lock makes two transactions that each delete one of the last two secrets look one after the other.
  PERFORM FROM clients WHERE id = subject AND type = 'confidential' AND jwks IS NULL FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM client_secrets WHERE client_id = subject) THEN
    PERFORM refuse_registration('confidential_client_secret', format('client "%s" is confidential and has no secret', subject),
      'Insert a row of client_secrets in the same transaction (npm run cli -- client secret makes one), give it jwks, or make it public.');
  END IF;
  RETURN NULL;
END $$;

ALTER TABLE signing_keys DROP CONSTRAINT signing_key_alg_known,
  ADD CONSTRAINT signing_key_alg_known CHECK (alg IN ('RS256', 'ES256', 'EdDSA'));

CREATE TABLE used_proofs (
  id_hash bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX used_proofs_expiry ON used_proofs (expires_at);
COMMENT ON TABLE used_proofs IS 'Client assertions (RFC 7523) and DPoP proofs (RFC 9449) that were used, until they would have expired: the SHA-256 of who made it and its jti.';
`.replaceAll('?|', '\\?|'),
  );
}

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
