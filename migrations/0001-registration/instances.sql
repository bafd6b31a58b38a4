CREATE TABLE instances (
  id text PRIMARY KEY CONSTRAINT instance_id_format CHECK (id ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  name text NOT NULL CONSTRAINT instance_name_length CHECK (length(name) BETWEEN 1 AND 80),
  authentication text NOT NULL DEFAULT 'password' CONSTRAINT instance_authentication_known CHECK (authentication IN ('password', 'oidc')),
  logo_uri text CONSTRAINT instance_logo_address CHECK (logo_uri ~ '^https://[^\s;,''"]+$' OR logo_uri ~ '^/([^/\s;,''"][^\s;,''"]*)?$'),
  brand_color text NOT NULL DEFAULT '#1f5fbf' CONSTRAINT instance_brand_color_hex CHECK (brand_color ~ '^#[0-9a-fA-F]{6}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE instances IS 'Application instances: the tenants. A client belongs to one, and people sign in through its own authentication.';
COMMENT ON COLUMN instances.id IS 'Short stable name, lower case letters, digits and hyphens; part of a cookie''s name.';
COMMENT ON COLUMN instances.name IS 'Shown to people on the sign-in page.';
COMMENT ON COLUMN instances.authentication IS 'password: kept here, argon2id. oidc: the customer''s own OpenID provider, in upstream_providers.';
COMMENT ON COLUMN instances.logo_uri IS 'An https address, or a path on this server, of a picture shown on the sign-in page. NULL: the first letter of the name.';
COMMENT ON COLUMN instances.brand_color IS 'Six hex digits behind #: the colour of buttons and links. Text on it is made black or white, whichever reads better.';
COMMENT ON COLUMN instances.created_at IS 'When it was registered.';
COMMENT ON CONSTRAINT instance_id_format ON instances IS 'Use lower case letters, digits and hyphens, up to 40, with a letter or digit at both ends: acme-eu.';
COMMENT ON CONSTRAINT instance_name_length ON instances IS 'Give it a name of 1 to 80 characters, as people shall read it.';
COMMENT ON CONSTRAINT instance_authentication_known ON instances IS 'Write password, or oidc with a row of upstream_providers.';
COMMENT ON CONSTRAINT instance_logo_address ON instances IS 'Write an https address, or a path on this server that begins with one slash, without spaces, quotation marks, commas and semicolons.';
COMMENT ON CONSTRAINT instance_brand_color_hex ON instances IS 'Write # and six hex digits: #1f5fbf.';

CREATE TABLE upstream_providers (
  instance_id text PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
  issuer text NOT NULL CONSTRAINT upstream_issuer_https CHECK (issuer ~ '^https://[^\s#?]+$' OR issuer ~ '^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s#?]*)?$'),
  client_id text NOT NULL CONSTRAINT upstream_client_id_length CHECK (length(client_id) BETWEEN 1 AND 255),
  client_secret_sealed text CONSTRAINT upstream_client_secret_sealed CHECK (client_secret_sealed ~ '^sealed:v1:[0-9a-f]{8}(:[A-Za-z0-9_-]+){3}$'),
  scope text NOT NULL DEFAULT 'openid profile email' CONSTRAINT upstream_scope_openid CHECK ('openid' = ANY (string_to_array(scope, ' '))),
  claim_mapping jsonb NOT NULL DEFAULT '{}' CONSTRAINT upstream_claim_mapping_object CHECK (jsonb_typeof(claim_mapping) = 'object'),
  first_sign_in text NOT NULL DEFAULT 'refuse' CONSTRAINT upstream_first_sign_in_known CHECK (first_sign_in IN ('create', 'refuse'))
);
COMMENT ON TABLE upstream_providers IS 'The customer''s own OpenID provider of an instance whose authentication is oidc.';
COMMENT ON COLUMN upstream_providers.instance_id IS 'The instance whose people it signs in.';
COMMENT ON COLUMN upstream_providers.issuer IS 'Its issuer identifier, exactly as in its discovery document. https, or http on loopback.';
COMMENT ON COLUMN upstream_providers.client_id IS 'The client id it gave this server. Register the redirect URI <ISSUER>/auth/upstream/callback/<instance id> there.';
COMMENT ON COLUMN upstream_providers.client_secret_sealed IS 'The client secret it gave, sealed: npm run cli -- seal upstream:<instance id>. NULL: a public client with PKCE.';
COMMENT ON COLUMN upstream_providers.scope IS 'Space-separated scopes to ask for; openid is one of them.';
COMMENT ON COLUMN upstream_providers.claim_mapping IS 'Which of its claims fill which column of people, where it differs from the default: {"email": "mail", "first_name": "given"}.';
COMMENT ON COLUMN upstream_providers.first_sign_in IS 'create: somebody new becomes a person of the instance. refuse: only those already in upstream_identities may sign in.';
COMMENT ON CONSTRAINT upstream_issuer_https ON upstream_providers IS 'Copy the issuer from the provider''s discovery document: an https address without query or fragment (http on loopback only).';
COMMENT ON CONSTRAINT upstream_client_id_length ON upstream_providers IS 'Write the client id that the provider gave this server, 1 to 255 characters.';
COMMENT ON CONSTRAINT upstream_client_secret_sealed ON upstream_providers IS 'Seal the secret with: npm run cli -- seal upstream:<instance id>. Never write the secret itself.';
COMMENT ON CONSTRAINT upstream_scope_openid ON upstream_providers IS 'Separate the scopes by single spaces and let openid be one of them: openid profile email.';
COMMENT ON CONSTRAINT upstream_claim_mapping_object ON upstream_providers IS 'Write a JSON object from column to claim: {"email": "mail"}.';
COMMENT ON CONSTRAINT upstream_first_sign_in_known ON upstream_providers IS 'Write create or refuse.';

CREATE FUNCTION upstream_providers_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  columns text[] := ARRAY['email', 'email_verified', 'name', 'first_name', 'last_name', 'worker_profile_id'];
  owner text := format('the upstream provider of "%s"', NEW.instance_id);
  member record;
BEGIN
  PERFORM require_instance('the upstream provider "' || NEW.issuer || '"', NEW.instance_id);
  IF jsonb_typeof(NEW.claim_mapping) = 'object' THEN
    FOR member IN SELECT key, value FROM jsonb_each(NEW.claim_mapping) LOOP
      IF NOT member.key = ANY (columns) THEN
        PERFORM refuse_registration('upstream_claim_mapping_known', format('%s maps a claim to "%s"', owner, member.key),
          format('The columns that a claim can fill are: %s.', array_to_string(columns, ', ')));
      END IF;
      IF jsonb_typeof(member.value) <> 'string' OR member.value = '""' THEN
        PERFORM refuse_registration('upstream_claim_mapping_name', format('%s maps to "%s" what is not the name of a claim', owner, member.key),
          'Write the name of one claim as a string: {"email": "mail"}.');
      END IF;
    END LOOP;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON upstream_providers FOR EACH ROW EXECUTE FUNCTION upstream_providers_validate();

CREATE FUNCTION instances_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'instances' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'instance_id' END;
BEGIN
  -- The lock makes two transactions that each remove a part look one after the other.
  PERFORM FROM instances WHERE id = subject AND authentication = 'oidc' FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM upstream_providers WHERE instance_id = subject) THEN
    PERFORM refuse_registration('instance_has_upstream', format('instance "%s" signs people in through an OpenID provider, and has none', subject),
      'Insert its row of upstream_providers in the same transaction, or set its authentication to password.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON instances DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION instances_complete();
CREATE CONSTRAINT TRIGGER complete AFTER DELETE OR UPDATE OF instance_id ON upstream_providers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION instances_complete();
