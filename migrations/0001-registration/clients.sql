CREATE TABLE clients (
  id text PRIMARY KEY CONSTRAINT client_id_format CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._~-]{2,99}$'),
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  name text NOT NULL CONSTRAINT client_name_length CHECK (length(name) BETWEEN 1 AND 80),
  type text NOT NULL CONSTRAINT client_type_known CHECK (type IN ('confidential', 'public')),
  application_type text NOT NULL DEFAULT 'web' CONSTRAINT client_application_type_known CHECK (application_type IN ('web', 'native')),
  redirect_uris text[] NOT NULL,
  post_logout_redirect_uris text[] NOT NULL DEFAULT '{}',
  scopes text[] NOT NULL DEFAULT '{openid}',
  grant_types text[] NOT NULL DEFAULT '{authorization_code,refresh_token}',
  require_pkce boolean NOT NULL DEFAULT true,
  require_consent boolean NOT NULL DEFAULT false,
  authorization_code_ttl_seconds integer,
  access_token_ttl_seconds integer,
  id_token_ttl_seconds integer,
  refresh_token_ttl_seconds integer,
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX clients_instance ON clients (instance_id);
COMMENT ON TABLE clients IS 'Relying parties of Sign in with Listo: the applications that people sign in to.';
COMMENT ON COLUMN clients.id IS 'The client_id. Letters, digits, dot, underscore, tilde and hyphen; three to a hundred.';
COMMENT ON COLUMN clients.instance_id IS 'The instance whose people sign in to it. Never changes.';
COMMENT ON COLUMN clients.name IS 'Shown to people where they are asked for consent.';
COMMENT ON COLUMN clients.type IS 'confidential: has a backend that keeps a secret (client_secrets). public: an SPA or an installed application, without one.';
COMMENT ON COLUMN clients.application_type IS 'web, or native: may vary the port on loopback and use a private scheme (RFC 8252).';
COMMENT ON COLUMN clients.redirect_uris IS 'Where a code may be sent; compared as whole strings. Their origins may call the token endpoint from a browser (CORS).';
COMMENT ON COLUMN clients.post_logout_redirect_uris IS 'Where a person may be sent after signing out.';
COMMENT ON COLUMN clients.scopes IS 'What it may ask for: openid, profile, email.';
COMMENT ON COLUMN clients.grant_types IS 'authorization_code: people may sign in. refresh_token: they stay signed in; alone, nobody new can begin.';
COMMENT ON COLUMN clients.require_pkce IS 'Whether an authorization request without a code_challenge is refused. Always for a public client.';
COMMENT ON COLUMN clients.require_consent IS 'Whether a person is asked, the first time, if this application may have what it asks for.';
COMMENT ON COLUMN clients.authorization_code_ttl_seconds IS 'Seconds, 10 to 600. NULL: 600.';
COMMENT ON COLUMN clients.access_token_ttl_seconds IS 'Seconds, 60 to 86400. NULL: 3600.';
COMMENT ON COLUMN clients.id_token_ttl_seconds IS 'Seconds, 60 to 86400. NULL: 3600.';
COMMENT ON COLUMN clients.refresh_token_ttl_seconds IS 'Seconds from the last refresh, 300 to 31536000. NULL: 2592000 (30 days).';
COMMENT ON COLUMN clients.disabled_at IS 'Since when it is refused everywhere. NULL: enabled.';
COMMENT ON COLUMN clients.created_at IS 'When it was registered.';
COMMENT ON CONSTRAINT client_id_format ON clients IS 'Use letters, digits, dots, underscores, tildes and hyphens, 3 to 100 of them, a letter or digit first.';
COMMENT ON CONSTRAINT client_name_length ON clients IS 'Give it a name of 1 to 80 characters, as people shall read it.';
COMMENT ON CONSTRAINT client_type_known ON clients IS 'Write confidential for an application whose backend keeps a secret, public for one without.';
COMMENT ON CONSTRAINT client_application_type_known ON clients IS 'Write web, or native for an application installed on a device.';

CREATE FUNCTION clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'client "' || NEW.id || '"';
  home text;
  uri text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  SELECT instance_id INTO home FROM clients WHERE id = NEW.id AND instance_id <> NEW.instance_id;
  IF FOUND THEN
    PERFORM refuse_registration('client_instance_fixed', format('%s belongs to the instance "%s" and cannot move to "%s"', owner, home, NEW.instance_id),
      'Register a new client there, with an id of its own: sessions, consents and tokens are tied to the instance.');
  END IF;
  IF 'authorization_code' = ANY (NEW.grant_types) AND cardinality(NEW.redirect_uris) = 0 THEN
    PERFORM refuse_registration('redirect_uri_present', owner || ' has no redirect URI', 'List at least one: ARRAY[''https://app.example/callback''].');
  END IF;
  PERFORM check_list(owner, 'redirect_uris', NEW.redirect_uris);
  PERFORM check_list(owner, 'post_logout_redirect_uris', NEW.post_logout_redirect_uris);
  FOREACH uri IN ARRAY coalesce(NEW.redirect_uris, '{}') || NEW.post_logout_redirect_uris LOOP
    PERFORM check_redirect_uri(owner, uri, NEW.application_type);
  END LOOP;
  PERFORM check_words(owner, 'scope', NEW.scopes, ARRAY['openid', 'profile', 'email']);
  PERFORM check_words(owner, 'grant_type', NEW.grant_types, ARRAY['authorization_code', 'refresh_token']);
  IF NEW.type = 'public' AND NOT NEW.require_pkce THEN
    PERFORM refuse_registration('public_client_pkce', owner || ' is public and does not require PKCE', 'Set require_pkce to true, or leave it out.');
  END IF;
  IF NEW.type = 'public' AND EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
    PERFORM refuse_registration('public_client_secret', owner || ' is public and has a secret', 'Delete its rows of client_secrets first, or make it confidential.');
  END IF;
  PERFORM check_lifetime(owner, 'authorization_code_ttl_seconds', NEW.authorization_code_ttl_seconds, 10, 600);
  PERFORM check_lifetime(owner, 'access_token_ttl_seconds', NEW.access_token_ttl_seconds, 60, 86400);
  PERFORM check_lifetime(owner, 'id_token_ttl_seconds', NEW.id_token_ttl_seconds, 60, 86400);
  PERFORM check_lifetime(owner, 'refresh_token_ttl_seconds', NEW.refresh_token_ttl_seconds, 300, 31536000);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate();

CREATE TABLE client_secrets (
  client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
  name text NOT NULL DEFAULT 'default' CONSTRAINT client_secret_name_format CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$'),
  digest text NOT NULL,
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client_id, name)
);
COMMENT ON TABLE client_secrets IS 'The secrets of confidential clients, as digests. Several can be live at once, so that they can be changed without a gap.';
COMMENT ON COLUMN client_secrets.client_id IS 'The client that authenticates with it.';
COMMENT ON COLUMN client_secrets.name IS 'Tells the secrets of one client apart: 2026-spring.';
COMMENT ON COLUMN client_secrets.digest IS 'sha256: and 64 hex digits, for a secret made by npm run cli -- client secret; argon2id: and a PHC string for one brought from elsewhere.';
COMMENT ON COLUMN client_secrets.expires_at IS 'When it stops working. NULL: never.';
COMMENT ON COLUMN client_secrets.created_at IS 'When it was registered.';
COMMENT ON CONSTRAINT client_secret_name_format ON client_secrets IS 'Use letters, digits, dots, underscores and hyphens, up to 40, a letter or digit first. The secret itself is written nowhere.';

CREATE FUNCTION client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind text;
BEGIN
  -- The lock makes a change of the client's type wait, and see this secret.
  SELECT type INTO kind FROM clients WHERE id = NEW.client_id FOR SHARE;
  IF kind = 'public' THEN
    PERFORM refuse_registration('public_client_secret', format('client "%s" is public and cannot have a secret', NEW.client_id),
      'Leave the secret out, or make the client confidential.');
  END IF;
  PERFORM check_digest(format('secret "%s" of client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE OF client_id, name, digest ON client_secrets FOR EACH ROW EXECUTE FUNCTION client_secrets_validate();

CREATE FUNCTION clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'clients' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'client_id' END;
BEGIN
  -- The lock makes two transactions that each delete one of the last two secrets look one after the other.
  PERFORM FROM clients WHERE id = subject AND type = 'confidential' FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM client_secrets WHERE client_id = subject) THEN
    PERFORM refuse_registration('confidential_client_secret', format('client "%s" is confidential and has no secret', subject),
      'Insert a row of client_secrets in the same transaction (npm run cli -- client secret makes one), or make the client public.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF client_id ON client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();

CREATE TABLE consents (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
  scopes text[] NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (person_id, client_id)
);
CREATE INDEX consents_client ON consents (client_id);
COMMENT ON TABLE consents IS 'What a person has allowed a client that asks for consent. Written by the consent page.';
COMMENT ON COLUMN consents.person_id IS 'Who allowed it.';
COMMENT ON COLUMN consents.client_id IS 'To which application.';
COMMENT ON COLUMN consents.scopes IS 'What was allowed. Asking for more asks the person again.';
COMMENT ON COLUMN consents.granted_at IS 'When it was last allowed.';
