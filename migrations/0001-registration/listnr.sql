CREATE TABLE listnr_clients (
  id text PRIMARY KEY CONSTRAINT listnr_client_id_format CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._~-]{2,99}$'),
  pattern text NOT NULL CONSTRAINT listnr_client_pattern_known CHECK (pattern IN ('authenticated_user', 'client_credentials')),
  audience text NOT NULL CONSTRAINT listnr_client_audience_length CHECK (length(audience) BETWEEN 1 AND 255),
  scopes text[] NOT NULL DEFAULT '{}',
  claims text[] NOT NULL DEFAULT '{}',
  environments text[] NOT NULL DEFAULT '{dev}',
  default_subject text CONSTRAINT listnr_client_default_subject_length CHECK (length(default_subject) BETWEEN 1 AND 255),
  origins text[] NOT NULL DEFAULT '{}',
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE listnr_clients IS 'Clients of the LiSTNR Token Provider.';
COMMENT ON COLUMN listnr_clients.id IS 'The client_id: the integration''s short stable name, such as my-service.';
COMMENT ON COLUMN listnr_clients.pattern IS 'authenticated_user: brings a user''s ID token as Bearer. client_credentials: brings client_id and secret as Basic.';
COMMENT ON COLUMN listnr_clients.audience IS 'The aud of its tokens. Left out, the client id.';
COMMENT ON COLUMN listnr_clients.scopes IS 'What it may ask for, such as read:profile.';
COMMENT ON COLUMN listnr_clients.claims IS 'authenticated_user: which of email, display_name, first_name its tokens carry.';
COMMENT ON COLUMN listnr_clients.environments IS 'Where it may ask: dev, production.';
COMMENT ON COLUMN listnr_clients.default_subject IS 'client_credentials: the sub when a request brings no subject. NULL: such a request is refused.';
COMMENT ON COLUMN listnr_clients.origins IS 'authenticated_user: the web origins that may call from a browser (CORS).';
COMMENT ON COLUMN listnr_clients.disabled_at IS 'Since when it is refused. NULL: enabled.';
COMMENT ON COLUMN listnr_clients.created_at IS 'When it was registered.';
COMMENT ON CONSTRAINT listnr_client_id_format ON listnr_clients IS 'Use letters, digits, dots, underscores, tildes and hyphens, 3 to 100 of them, a letter or digit first.';
COMMENT ON CONSTRAINT listnr_client_pattern_known ON listnr_clients IS 'Write authenticated_user or client_credentials.';
COMMENT ON CONSTRAINT listnr_client_audience_length ON listnr_clients IS 'Write 1 to 255 characters, or leave it out: it is then the client id.';
COMMENT ON CONSTRAINT listnr_client_default_subject_length ON listnr_clients IS 'Write 1 to 255 characters, or NULL: a request must then bring its subject.';

CREATE FUNCTION listnr_clients_default_audience() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.audience := coalesce(NEW.audience, NEW.id);
  RETURN NEW;
END $$;
CREATE TRIGGER default_audience BEFORE INSERT OR UPDATE ON listnr_clients FOR EACH ROW EXECUTE FUNCTION listnr_clients_default_audience();

CREATE FUNCTION listnr_clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'LiSTNR client "' || NEW.id || '"';
  scope text;
BEGIN
  PERFORM check_list(owner, 'scopes', NEW.scopes);
  FOREACH scope IN ARRAY coalesce(NEW.scopes, '{}') LOOP
    IF scope IS NULL OR scope !~ '^[!#-[\]-~]+$' THEN
      PERFORM refuse_registration('listnr_scope_format', format('%s: "%s" is not a scope', owner, scope),
        'A scope is one word of printable ASCII without a quotation mark or backslash (RFC 6749 section 3.3).');
    END IF;
  END LOOP;
  PERFORM check_words(owner, 'claim', NEW.claims, ARRAY['email', 'display_name', 'first_name']);
  PERFORM check_words(owner, 'environment', NEW.environments, ARRAY['dev', 'production']);
  PERFORM check_origins(owner, NEW.origins);
  IF NEW.pattern = 'client_credentials' AND cardinality(NEW.claims) > 0 THEN
    PERFORM refuse_registration('listnr_claims_pattern', owner || ' uses client credentials and lists claims', 'Claims come from an ID token; leave them empty, or make it authenticated_user.');
  END IF;
  IF NEW.pattern = 'client_credentials' AND cardinality(NEW.origins) > 0 THEN
    PERFORM refuse_registration('listnr_origins_pattern', owner || ' uses client credentials and lists origins', 'A secret cannot be kept in a browser; leave the origins empty.');
  END IF;
  IF NEW.pattern = 'authenticated_user' AND NEW.default_subject IS NOT NULL THEN
    PERFORM refuse_registration('listnr_default_subject_pattern', owner || ' acts for signed-in users and has a default subject', 'The subject comes from the ID token; set default_subject to NULL.');
  END IF;
  IF NEW.pattern = 'authenticated_user' AND EXISTS (SELECT FROM listnr_client_secrets WHERE client_id = NEW.id) THEN
    PERFORM refuse_registration('listnr_secret_pattern', owner || ' acts for signed-in users and has a secret', 'Delete its rows of listnr_client_secrets first.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON listnr_clients FOR EACH ROW EXECUTE FUNCTION listnr_clients_validate();

CREATE TABLE listnr_client_secrets (
  client_id text NOT NULL REFERENCES listnr_clients ON DELETE CASCADE,
  name text NOT NULL DEFAULT 'default' CONSTRAINT listnr_client_secret_name_format CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  digest text NOT NULL,
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client_id, name)
);
COMMENT ON TABLE listnr_client_secrets IS 'The secrets of LiSTNR clients that use client credentials, as digests; see client_secrets.';
COMMENT ON COLUMN listnr_client_secrets.client_id IS 'The client that authenticates with it.';
COMMENT ON COLUMN listnr_client_secrets.name IS 'Tells the secrets of one client apart: 2026-spring.';
COMMENT ON COLUMN listnr_client_secrets.digest IS 'sha256: and 64 hex digits, or argon2id: and a PHC string, as in client_secrets.';
COMMENT ON COLUMN listnr_client_secrets.expires_at IS 'When it stops working. NULL: never.';
COMMENT ON COLUMN listnr_client_secrets.created_at IS 'When it was registered.';
COMMENT ON CONSTRAINT listnr_client_secret_name_format ON listnr_client_secrets IS 'Use letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. The secret itself is written nowhere.';

CREATE FUNCTION listnr_client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind text;
BEGIN
  -- The lock makes a change of the client's pattern wait, and see this secret.
  SELECT pattern INTO kind FROM listnr_clients WHERE id = NEW.client_id FOR SHARE;
  IF kind = 'authenticated_user' THEN
    PERFORM refuse_registration('listnr_secret_pattern', format('LiSTNR client "%s" acts for signed-in users and cannot have a secret', NEW.client_id),
      'Leave the secret out.');
  END IF;
  PERFORM check_digest(format('secret "%s" of LiSTNR client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE OF client_id, name, digest ON listnr_client_secrets FOR EACH ROW EXECUTE FUNCTION listnr_client_secrets_validate();

CREATE TABLE listnr_accepted_issuers (
  client_id text NOT NULL REFERENCES listnr_clients ON DELETE CASCADE,
  issuer text NOT NULL DEFAULT 'self' CONSTRAINT listnr_issuer_format CHECK (issuer = 'self' OR issuer ~ '^https://[^\s#]+$' OR issuer ~ '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s#]*)?$'),
  jwks_uri text CONSTRAINT listnr_jwks_uri_format CHECK (jwks_uri ~ '^https://[^\s#]+$' OR jwks_uri ~ '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s#]*)?$'),
  audiences text[] NOT NULL CONSTRAINT listnr_audiences_present CHECK (coalesce(array_ndims(audiences), 0) = 1 AND array_position(audiences, NULL) IS NULL AND array_position(audiences, '') IS NULL),
  algorithms text[] NOT NULL DEFAULT '{RS256}' CONSTRAINT listnr_algorithms_known CHECK (coalesce(array_ndims(algorithms), 0) = 1 AND algorithms <@ ARRAY['RS256', 'PS256', 'ES256', 'EdDSA']),
  subject_prefix text CONSTRAINT listnr_subject_prefix_format CHECK (subject_prefix ~ '^[!-~]{1,64}$'),
  PRIMARY KEY (client_id, issuer),
  CONSTRAINT listnr_jwks_uri_external CHECK ((issuer = 'self') = (jwks_uri IS NULL))
);
COMMENT ON TABLE listnr_accepted_issuers IS 'Whose ID tokens an authenticated_user client may bring.';
COMMENT ON COLUMN listnr_accepted_issuers.client_id IS 'The LiSTNR client that brings them.';
COMMENT ON COLUMN listnr_accepted_issuers.issuer IS 'self: Sign in with Listo. Otherwise the iss of the ID tokens, exactly.';
COMMENT ON COLUMN listnr_accepted_issuers.jwks_uri IS 'Where an external issuer publishes its keys. NULL for self, required otherwise.';
COMMENT ON COLUMN listnr_accepted_issuers.audiences IS 'The OIDC client ids (aud) that an ID token may have been issued to. At least one: otherwise every relying party could mint.';
COMMENT ON COLUMN listnr_accepted_issuers.algorithms IS 'The signature algorithms accepted: RS256, unless the issuer uses another (PS256, ES256, EdDSA).';
COMMENT ON COLUMN listnr_accepted_issuers.subject_prefix IS 'Put before the sub of this issuer''s people. Required when a client accepts more than one issuer, so that two people cannot meet in one sub.';
COMMENT ON CONSTRAINT listnr_issuer_format ON listnr_accepted_issuers IS 'Write self for Sign in with Listo, or the iss of the ID tokens: an https address (http on loopback only).';
COMMENT ON CONSTRAINT listnr_jwks_uri_format ON listnr_accepted_issuers IS 'Write the https address where the issuer publishes its keys (http on loopback only).';
COMMENT ON CONSTRAINT listnr_audiences_present ON listnr_accepted_issuers IS 'List the client ids whose ID tokens it may bring, at least one: ARRAY[''client_web''].';
COMMENT ON CONSTRAINT listnr_algorithms_known ON listnr_accepted_issuers IS 'List at least one of RS256, PS256, ES256, EdDSA.';
COMMENT ON CONSTRAINT listnr_subject_prefix_format ON listnr_accepted_issuers IS 'Use printable ASCII without spaces, up to 64 characters.';
COMMENT ON CONSTRAINT listnr_jwks_uri_external ON listnr_accepted_issuers IS 'An external issuer needs a jwks_uri; self has none.';

CREATE FUNCTION check_listnr_client_complete(subject text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'LiSTNR client "' || subject || '"';
  kind text;
  issuers integer;
BEGIN
  -- The lock makes two transactions that each remove a part look one after the other.
  SELECT pattern INTO kind FROM listnr_clients WHERE id = subject FOR NO KEY UPDATE;
  IF kind IS NULL THEN RETURN; END IF;
  SELECT count(*) INTO issuers FROM listnr_accepted_issuers WHERE client_id = subject;
  IF kind = 'client_credentials' THEN
    IF NOT EXISTS (SELECT FROM listnr_client_secrets WHERE client_id = subject) THEN
      PERFORM refuse_registration('listnr_secret_present', owner || ' uses client credentials and has no secret',
        'Insert a row of listnr_client_secrets in the same transaction: npm run cli -- client secret makes one.');
    END IF;
    IF issuers > 0 THEN
      PERFORM refuse_registration('listnr_issuers_pattern', owner || ' uses client credentials and accepts ID tokens', 'Delete its rows of listnr_accepted_issuers.');
    END IF;
  ELSIF issuers = 0 THEN
    PERFORM refuse_registration('listnr_issuer_present', owner || ' acts for signed-in users and accepts no issuer',
      'Insert a row of listnr_accepted_issuers in the same transaction, with the client ids whose ID tokens it may bring.');
  ELSIF issuers > 1 AND (EXISTS (SELECT FROM listnr_accepted_issuers WHERE client_id = subject AND subject_prefix IS NULL)
        OR EXISTS (SELECT FROM listnr_accepted_issuers a JOIN listnr_accepted_issuers b USING (client_id)
                   WHERE a.client_id = subject AND a.issuer <> b.issuer AND starts_with(b.subject_prefix, a.subject_prefix))) THEN
    PERFORM refuse_registration('listnr_subject_prefix_distinct', owner || ' accepts several issuers whose subjects could meet',
      'Give each of its rows of listnr_accepted_issuers a subject_prefix, none of which begins with another.');
  END IF;
END $$;

CREATE FUNCTION listnr_clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE key text := TG_ARGV[0];
BEGIN
  IF TG_OP <> 'DELETE' THEN PERFORM check_listnr_client_complete(to_jsonb(NEW) ->> key); END IF;
  IF TG_OP <> 'INSERT' THEN PERFORM check_listnr_client_complete(to_jsonb(OLD) ->> key); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON listnr_clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('id');
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF client_id ON listnr_client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('client_id');
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE OR DELETE ON listnr_accepted_issuers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete('client_id');
