import type { Knex } from 'knex';

/**
 * What admins write with plain SQL: instances and how their people sign in, people, relying parties, LiSTNR
 * clients. A wrong registration is refused here, by the database, with a sentence and a hint, so that it does not
 * matter which tool wrote it.
 */
export async function up(knex: Knex): Promise<void> {
  for (const sql of [FUNCTIONS, INSTANCES, PEOPLE, CLIENTS, LISTNR, CHANGES]) {
    // knex reads a bare question mark as a binding; these are parts of regular expressions.
    await knex.raw(sql.replaceAll('?', '\\?'));
  }
}

const FUNCTIONS = `
CREATE FUNCTION refuse_registration(constraint_name text, message text, hint text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', message USING ERRCODE = 'check_violation', CONSTRAINT = constraint_name, HINT = hint;
END $$;
COMMENT ON FUNCTION refuse_registration IS 'Raises check_violation with a readable message and a hint that says what to do.';

CREATE FUNCTION require_instance(owner text, wanted text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM instances WHERE id = wanted) THEN
    RAISE EXCEPTION '% belongs to the instance "%", which does not exist', owner, wanted
      USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_exists',
            HINT = 'Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.';
  END IF;
END $$;

CREATE FUNCTION check_origin_list(owner text, origins text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE origin text;
BEGIN
  FOREACH origin IN ARRAY origins LOOP
    IF origin IS NULL OR origin !~ '^https://[a-z0-9.-]+(:[0-9]+)?$' AND origin !~ '^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?$' THEN
      PERFORM refuse_registration('origin_valid', format('%s: "%s" is not an origin', owner, origin),
        'An origin is a scheme, a host in lower case and perhaps a port, with nothing behind it: https://app.example.');
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION check_redirect_uri(owner text, uri text, application_type text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE scheme text;
BEGIN
  IF uri IS NULL OR uri !~ '^[A-Za-z][A-Za-z0-9+.-]*:' THEN
    PERFORM refuse_registration('redirect_uri_absolute', format('%s: redirect URI "%s" is not absolute', owner, uri),
      'Write it whole, with its scheme: https://app.example/callback.');
  END IF;
  IF position('#' IN uri) > 0 THEN
    PERFORM refuse_registration('redirect_uri_no_fragment', format('%s: redirect URI "%s" has a fragment', owner, uri),
      'Remove the # and what follows it (RFC 6749 section 3.1.2).');
  END IF;
  IF uri !~ '^[!-~]+$' THEN
    PERFORM refuse_registration('redirect_uri_ascii', format('%s: redirect URI "%s" has a space or a character outside ASCII', owner, uri),
      'Percent-encode it, and write an international host name in its xn-- form.');
  END IF;
  scheme := lower(split_part(uri, ':', 1));
  IF scheme IN ('http', 'https') THEN
    IF uri !~* '^https?://[^/?#@\\\\]+([/?]|$)' THEN
      PERFORM refuse_registration('redirect_uri_host', format('%s: redirect URI "%s" has no plain host', owner, uri),
        'Write scheme://host/path, without user name or password.');
    END IF;
    IF uri !~* '^https?://(\\[[0-9a-f:.]+\\]|[a-z0-9.-]+)(:[0-9]{1,5})?([/?]|$)' THEN
      PERFORM refuse_registration('redirect_uri_host', format('%s: the host of redirect URI "%s" is not valid', owner, uri),
        'Use letters, digits, dots and hyphens, and a port in digits.');
    END IF;
    IF scheme = 'http' AND uri !~* '^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?([/?]|$)' THEN
      PERFORM refuse_registration('redirect_uri_https', format('%s: redirect URI "%s" is http on a host other than loopback', owner, uri),
        'Use https. Plain http is for localhost, 127.0.0.1 and [::1] only (RFC 9700 section 4.1.3).');
    END IF;
    IF scheme = 'https' AND application_type = 'native' AND uri ~* '^https://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?([/?]|$)' THEN
      PERFORM refuse_registration('redirect_uri_native', format('%s: redirect URI "%s" is https on loopback', owner, uri),
        'A native application uses http on loopback (RFC 8252 section 7.3).');
    END IF;
  ELSIF application_type = 'web' THEN
    PERFORM refuse_registration('redirect_uri_web_scheme', format('%s: redirect URI "%s" has the scheme %s, which a web client may not use', owner, uri, scheme),
      'Use https, or set application_type to native if this is an application installed on a device.');
  ELSIF scheme !~ '\\.' THEN
    PERFORM refuse_registration('redirect_uri_private_scheme', format('%s: the private-use scheme %s of "%s" is not a reversed domain name', owner, scheme, uri),
      'Use a domain you control, reversed: com.example.app:/callback (RFC 8252 section 7.1).');
  END IF;
END $$;

CREATE FUNCTION check_words(owner text, what text, given text[], known text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE word text;
BEGIN
  FOREACH word IN ARRAY given LOOP
    IF word IS NULL OR NOT word = ANY (known) THEN
      PERFORM refuse_registration(what || '_known', format('%s: unknown %s "%s"', owner, what, word),
        format('Known are: %s.', array_to_string(known, ', ')));
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION check_lifetime(owner text, what text, seconds integer, low integer, high integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF seconds IS NOT NULL AND (seconds < low OR seconds > high) THEN
    PERFORM refuse_registration(what || '_range', format('%s: %s is %s, outside %s to %s', owner, what, seconds, low, high),
      'The unit is seconds. Leave it NULL for the default.');
  END IF;
END $$;

CREATE FUNCTION check_digest(owner text, digest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF digest !~ '^sha256:[0-9a-f]{64}$' AND digest !~ '^argon2id:\\$argon2id\\$v=19\\$m=[0-9]+,t=[0-9]+,p=[0-9]+\\$[A-Za-z0-9+/]+\\$[A-Za-z0-9+/]+$' THEN
    PERFORM refuse_registration('digest_format', format('%s: the digest is not one', owner),
      'Make a secret with: npm run cli -- client secret. It prints the digest to write here: sha256: and 64 hex digits. Never write the secret itself.');
  END IF;
END $$;
`;

const INSTANCES = `
CREATE TABLE instances (
  id text PRIMARY KEY CONSTRAINT instance_id_format CHECK (id ~ '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$'),
  name text NOT NULL CONSTRAINT instance_name_length CHECK (length(name) BETWEEN 1 AND 80),
  authentication text NOT NULL DEFAULT 'password' CONSTRAINT instance_authentication_known CHECK (authentication IN ('password', 'oidc')),
  logo_uri text CONSTRAINT instance_logo_https CHECK (logo_uri ~ '^https://[^\\s;,''"]+$' OR logo_uri ~ '^/[^\\s;,''"]+$'),
  brand_color text NOT NULL DEFAULT '#1f5fbf' CONSTRAINT instance_brand_color_hex CHECK (brand_color ~ '^#[0-9a-fA-F]{6}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE instances IS 'Application instances: the tenants. A client belongs to one, and people sign in through its own authentication.';
COMMENT ON COLUMN instances.id IS 'Short stable name, lower case letters, digits and hyphens; part of a cookie''s name.';
COMMENT ON COLUMN instances.name IS 'Shown to people on the sign-in page.';
COMMENT ON COLUMN instances.authentication IS 'password: kept here, argon2id. oidc: the customer''s own OpenID provider, in upstream_providers.';
COMMENT ON COLUMN instances.logo_uri IS 'An https address, or a path on this server, of a picture shown on the sign-in page. NULL: the first letter of the name.';
COMMENT ON COLUMN instances.brand_color IS 'Six hex digits behind #: the colour of buttons and links. Text on it is made black or white, whichever reads better.';

CREATE TABLE upstream_providers (
  instance_id text PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
  issuer text NOT NULL CONSTRAINT upstream_issuer_https CHECK (issuer ~ '^https://[^\\s#?]+$' OR issuer ~ '^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/[^\\s#?]*)?$'),
  client_id text NOT NULL CONSTRAINT upstream_client_id_length CHECK (length(client_id) BETWEEN 1 AND 255),
  client_secret_sealed text CONSTRAINT upstream_client_secret_sealed CHECK (client_secret_sealed ~ '^sealed:v1:'),
  scope text NOT NULL DEFAULT 'openid profile email' CONSTRAINT upstream_scope_openid CHECK ('openid' = ANY (string_to_array(scope, ' '))),
  claim_mapping jsonb NOT NULL DEFAULT '{}' CONSTRAINT upstream_claim_mapping_object CHECK (jsonb_typeof(claim_mapping) = 'object'),
  first_sign_in text NOT NULL DEFAULT 'refuse' CONSTRAINT upstream_first_sign_in_known CHECK (first_sign_in IN ('create', 'refuse'))
);
COMMENT ON TABLE upstream_providers IS 'The customer''s own OpenID provider of an instance whose authentication is oidc.';
COMMENT ON COLUMN upstream_providers.issuer IS 'Its issuer identifier, exactly as in its discovery document. https, or http on loopback.';
COMMENT ON COLUMN upstream_providers.client_id IS 'The client id it gave this server. Register the redirect URI <ISSUER>/auth/upstream/callback there.';
COMMENT ON COLUMN upstream_providers.client_secret_sealed IS 'The client secret it gave, sealed: npm run cli -- seal upstream:<instance id>. NULL: a public client with PKCE.';
COMMENT ON COLUMN upstream_providers.scope IS 'Space-separated scopes to ask for; openid is one of them.';
COMMENT ON COLUMN upstream_providers.claim_mapping IS 'Which of its claims fill which column of people, where it differs from the default: {"email": "mail", "first_name": "given"}.';
COMMENT ON COLUMN upstream_providers.first_sign_in IS 'create: somebody new becomes a person of the instance. refuse: only those already in upstream_identities may sign in.';

CREATE FUNCTION upstream_providers_validate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM require_instance('the upstream provider "' || NEW.issuer || '"', NEW.instance_id);
  PERFORM check_words('upstream provider of "' || NEW.instance_id || '"', 'claim_mapping member',
    (SELECT coalesce(array_agg(key), '{}') FROM jsonb_object_keys(NEW.claim_mapping) AS key),
    ARRAY['email', 'email_verified', 'name', 'first_name', 'last_name', 'worker_profile_id']);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON upstream_providers FOR EACH ROW EXECUTE FUNCTION upstream_providers_validate();

CREATE FUNCTION instances_complete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.authentication = 'oidc' AND EXISTS (SELECT FROM instances WHERE id = NEW.id AND authentication = 'oidc')
     AND NOT EXISTS (SELECT FROM upstream_providers WHERE instance_id = NEW.id) THEN
    PERFORM refuse_registration('instance_has_upstream', format('instance "%s" signs people in through an OpenID provider, and has none', NEW.id),
      'Insert its row of upstream_providers in the same transaction.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON instances DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION instances_complete();
`;

const PEOPLE = `
CREATE TABLE people (
  id text PRIMARY KEY DEFAULT gen_random_uuid()::text CONSTRAINT person_id_format CHECK (id ~ '^[!-~]{1,255}$'),
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  email text CONSTRAINT person_email_format CHECK (email ~ '^[^@\\s]+@[^@\\s]+$' AND length(email) <= 254),
  email_verified boolean NOT NULL DEFAULT false,
  name text CONSTRAINT person_name_length CHECK (length(name) BETWEEN 1 AND 200),
  first_name text CONSTRAINT person_first_name_length CHECK (length(first_name) BETWEEN 1 AND 100),
  last_name text CONSTRAINT person_last_name_length CHECK (length(last_name) BETWEEN 1 AND 100),
  worker_profile_id text CONSTRAINT person_worker_profile_id_length CHECK (length(worker_profile_id) BETWEEN 1 AND 255),
  password_hash text CONSTRAINT person_password_hash_argon2id CHECK (password_hash ~ '^\\$argon2id\\$v=19\\$m=[0-9]+,t=[0-9]+,p=[0-9]+\\$[A-Za-z0-9+/]+\\$[A-Za-z0-9+/]+$'),
  disabled_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX people_instance_email ON people (instance_id, lower(email)) WHERE password_hash IS NOT NULL;
COMMENT ON TABLE people IS 'Those who sign in. A person belongs to one instance; the same e-mail address in two instances is two people.';
COMMENT ON COLUMN people.id IS 'The subject (sub) of every token about this person. Never changes and is never given to somebody else.';
COMMENT ON COLUMN people.email IS 'For sign-in with a password, and the claim email. Compared without regard to case; unique in an instance among those with a password.';
COMMENT ON COLUMN people.name IS 'The claim name: the full name as shown.';
COMMENT ON COLUMN people.first_name IS 'The claim firstName.';
COMMENT ON COLUMN people.last_name IS 'The claim lastName.';
COMMENT ON COLUMN people.worker_profile_id IS 'The claim workerProfileId. NULL for somebody who is not a worker: the claim is then absent.';
COMMENT ON COLUMN people.password_hash IS 'argon2id in PHC form: npm run cli -- password hash. NULL: signs in through the upstream provider, or not at all.';
COMMENT ON COLUMN people.disabled_at IS 'Since when this person may not sign in, and no token of theirs is accepted. NULL: enabled.';

CREATE FUNCTION people_validate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM require_instance('person "' || coalesce(NEW.email, NEW.id) || '"', NEW.instance_id);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON people FOR EACH ROW EXECUTE FUNCTION people_validate();

CREATE TABLE worker_ids (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  worker_id text NOT NULL CONSTRAINT worker_id_length CHECK (length(worker_id) BETWEEN 1 AND 255),
  PRIMARY KEY (person_id, worker_id)
);
COMMENT ON TABLE worker_ids IS 'The claim workerIds: the worker records of a person, in the order of their ids.';

CREATE TABLE user_records (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  id text NOT NULL CONSTRAINT user_record_id_length CHECK (length(id) BETWEEN 1 AND 255),
  client_id text NOT NULL CONSTRAINT user_record_client_id_length CHECK (length(client_id) BETWEEN 1 AND 255),
  PRIMARY KEY (person_id, id)
);
COMMENT ON TABLE user_records IS 'The claim userIds: the user records of a person with Listo''s customer companies.';
COMMENT ON COLUMN user_records.client_id IS 'The customer company, the member clientId of the claim. It has nothing to do with an OAuth client.';

CREATE TABLE upstream_identities (
  instance_id text NOT NULL REFERENCES instances ON DELETE CASCADE,
  issuer text NOT NULL,
  subject text NOT NULL CONSTRAINT upstream_subject_length CHECK (length(subject) BETWEEN 1 AND 255),
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  PRIMARY KEY (instance_id, issuer, subject)
);
CREATE INDEX upstream_identities_person ON upstream_identities (person_id);
COMMENT ON TABLE upstream_identities IS 'Who a person is at the upstream provider: by issuer and subject, never by e-mail address.';
`;

const CLIENTS = `
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
COMMENT ON COLUMN clients.instance_id IS 'The instance whose people sign in to it.';
COMMENT ON COLUMN clients.name IS 'Shown to people where they are asked for consent.';
COMMENT ON COLUMN clients.type IS 'confidential: has a backend that keeps a secret (client_secrets). public: an SPA or an installed application, without one.';
COMMENT ON COLUMN clients.application_type IS 'web, or native: may vary the port on loopback and use a private scheme (RFC 8252).';
COMMENT ON COLUMN clients.redirect_uris IS 'Where a code may be sent; compared as whole strings. Their origins may call the token endpoint from a browser (CORS).';
COMMENT ON COLUMN clients.post_logout_redirect_uris IS 'Where a person may be sent after signing out.';
COMMENT ON COLUMN clients.scopes IS 'What it may ask for: openid, profile, email.';
COMMENT ON COLUMN clients.grant_types IS 'authorization_code, refresh_token.';
COMMENT ON COLUMN clients.require_pkce IS 'Whether an authorization request without a code_challenge is refused. Always for a public client.';
COMMENT ON COLUMN clients.require_consent IS 'Whether a person is asked, the first time, if this application may have what it asks for.';
COMMENT ON COLUMN clients.authorization_code_ttl_seconds IS 'Seconds, 10 to 600. NULL: 600.';
COMMENT ON COLUMN clients.access_token_ttl_seconds IS 'Seconds, 60 to 86400. NULL: 3600.';
COMMENT ON COLUMN clients.id_token_ttl_seconds IS 'Seconds, 60 to 86400. NULL: 3600.';
COMMENT ON COLUMN clients.refresh_token_ttl_seconds IS 'Seconds from the last refresh, 300 to 31536000. NULL: 2592000 (30 days).';
COMMENT ON COLUMN clients.disabled_at IS 'Since when it is refused everywhere. NULL: enabled.';

CREATE FUNCTION clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'client "' || NEW.id || '"';
  uri text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  IF 'authorization_code' = ANY (NEW.grant_types) AND cardinality(NEW.redirect_uris) = 0 THEN
    PERFORM refuse_registration('redirect_uri_present', owner || ' has no redirect URI', 'List at least one: ARRAY[''https://app.example/callback''].');
  END IF;
  FOREACH uri IN ARRAY NEW.redirect_uris || NEW.post_logout_redirect_uris LOOP
    PERFORM check_redirect_uri(owner, uri, NEW.application_type);
  END LOOP;
  PERFORM check_words(owner, 'scope', NEW.scopes, ARRAY['openid', 'profile', 'email']);
  PERFORM check_words(owner, 'grant_type', NEW.grant_types, ARRAY['authorization_code', 'refresh_token']);
  IF NEW.type = 'public' AND NOT NEW.require_pkce THEN
    PERFORM refuse_registration('public_client_pkce', owner || ' is public and does not require PKCE', 'Set require_pkce to true, or leave it out.');
  END IF;
  IF NEW.type = 'public' AND EXISTS (SELECT FROM client_secrets WHERE client_id = NEW.id) THEN
    PERFORM refuse_registration('public_client_secret', owner || ' is public and has a secret', 'Delete its rows of client_secrets, or make it confidential.');
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
COMMENT ON COLUMN client_secrets.name IS 'Tells the secrets of one client apart: 2026-spring.';
COMMENT ON COLUMN client_secrets.digest IS 'sha256: and 64 hex digits, for a secret made by npm run cli -- client secret; argon2id: and a PHC string for one brought from elsewhere.';
COMMENT ON COLUMN client_secrets.expires_at IS 'When it stops working. NULL: never.';

CREATE FUNCTION client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT type FROM clients WHERE id = NEW.client_id) = 'public' THEN
    PERFORM refuse_registration('public_client_secret', format('client "%s" is public and cannot have a secret', NEW.client_id),
      'Leave the secret out, or make the client confidential.');
  END IF;
  PERFORM check_digest(format('secret "%s" of client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON client_secrets FOR EACH ROW EXECUTE FUNCTION client_secrets_validate();

CREATE FUNCTION clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE subject text := CASE WHEN TG_TABLE_NAME = 'clients' THEN to_jsonb(NEW) ->> 'id' ELSE to_jsonb(OLD) ->> 'client_id' END;
BEGIN
  IF EXISTS (SELECT FROM clients WHERE id = subject AND type = 'confidential')
     AND NOT EXISTS (SELECT FROM client_secrets WHERE client_id = subject) THEN
    PERFORM refuse_registration('confidential_client_secret', format('client "%s" is confidential and has no secret', subject),
      'Insert a row of client_secrets in the same transaction (npm run cli -- client secret makes one), or make the client public.');
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();
CREATE CONSTRAINT TRIGGER complete AFTER DELETE ON client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION clients_complete();

CREATE TABLE consents (
  person_id text NOT NULL REFERENCES people ON DELETE CASCADE,
  client_id text NOT NULL REFERENCES clients ON DELETE CASCADE,
  scopes text[] NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (person_id, client_id)
);
CREATE INDEX consents_client ON consents (client_id);
COMMENT ON TABLE consents IS 'What a person has allowed a client that asks for consent. Written by the consent page.';
`;

const LISTNR = `
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
  FOREACH scope IN ARRAY NEW.scopes LOOP
    IF scope IS NULL OR scope !~ '^[!#-[\\]-~]+$' THEN
      PERFORM refuse_registration('listnr_scope_format', format('%s: "%s" is not a scope', owner, scope),
        'A scope is one word of printable ASCII without a quotation mark or backslash (RFC 6749 section 3.3).');
    END IF;
  END LOOP;
  PERFORM check_words(owner, 'claim', NEW.claims, ARRAY['email', 'display_name', 'first_name']);
  PERFORM check_words(owner, 'environment', NEW.environments, ARRAY['dev', 'production']);
  PERFORM check_origin_list(owner, NEW.origins);
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
    PERFORM refuse_registration('listnr_secret_pattern', owner || ' acts for signed-in users and has a secret', 'Delete its rows of listnr_client_secrets.');
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

CREATE FUNCTION listnr_client_secrets_validate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT pattern FROM listnr_clients WHERE id = NEW.client_id) = 'authenticated_user' THEN
    PERFORM refuse_registration('listnr_secret_pattern', format('LiSTNR client "%s" acts for signed-in users and cannot have a secret', NEW.client_id),
      'Leave the secret out.');
  END IF;
  PERFORM check_digest(format('secret "%s" of LiSTNR client "%s"', NEW.name, NEW.client_id), NEW.digest);
  RETURN NEW;
END $$;
CREATE TRIGGER validate BEFORE INSERT OR UPDATE ON listnr_client_secrets FOR EACH ROW EXECUTE FUNCTION listnr_client_secrets_validate();

CREATE TABLE listnr_accepted_issuers (
  client_id text NOT NULL REFERENCES listnr_clients ON DELETE CASCADE,
  issuer text NOT NULL DEFAULT 'self' CONSTRAINT listnr_issuer_format CHECK (issuer = 'self' OR issuer ~ '^https://[^\\s#]+$' OR issuer ~ '^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/[^\\s#]*)?$'),
  jwks_uri text CONSTRAINT listnr_jwks_uri_format CHECK (jwks_uri ~ '^https://[^\\s#]+$' OR jwks_uri ~ '^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:[0-9]+)?(/[^\\s#]*)?$'),
  audiences text[] NOT NULL CONSTRAINT listnr_audiences_present CHECK (cardinality(audiences) > 0 AND array_position(audiences, NULL) IS NULL),
  algorithms text[] NOT NULL DEFAULT '{RS256}' CONSTRAINT listnr_algorithms_known CHECK (cardinality(algorithms) > 0 AND algorithms <@ ARRAY['RS256', 'PS256', 'ES256', 'EdDSA']),
  subject_prefix text CONSTRAINT listnr_subject_prefix_format CHECK (subject_prefix ~ '^[!-~]{1,64}$'),
  PRIMARY KEY (client_id, issuer),
  CONSTRAINT listnr_jwks_uri_external CHECK ((issuer = 'self') = (jwks_uri IS NULL))
);
COMMENT ON TABLE listnr_accepted_issuers IS 'Whose ID tokens an authenticated_user client may bring.';
COMMENT ON COLUMN listnr_accepted_issuers.issuer IS 'self: Sign in with Listo. Otherwise the iss of the ID tokens, exactly.';
COMMENT ON COLUMN listnr_accepted_issuers.jwks_uri IS 'Where an external issuer publishes its keys. NULL for self, required otherwise.';
COMMENT ON COLUMN listnr_accepted_issuers.audiences IS 'The OIDC client ids (aud) that an ID token may have been issued to. At least one: otherwise every relying party could mint.';
COMMENT ON COLUMN listnr_accepted_issuers.algorithms IS 'The signature algorithms accepted: RS256, unless the issuer uses another (PS256, ES256, EdDSA).';
COMMENT ON COLUMN listnr_accepted_issuers.subject_prefix IS 'Put before the sub of this issuer''s people. Required when a client accepts more than one issuer, so that two people cannot meet in one sub.';

CREATE FUNCTION listnr_clients_complete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  row_data jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  subject text := CASE WHEN TG_TABLE_NAME = 'listnr_clients' THEN row_data ->> 'id' ELSE row_data ->> 'client_id' END;
  owner text := 'LiSTNR client "' || subject || '"';
  kind text;
  issuers integer;
BEGIN
  SELECT pattern INTO kind FROM listnr_clients WHERE id = subject;
  IF kind IS NULL THEN RETURN NULL; END IF;
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
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE ON listnr_clients DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete();
CREATE CONSTRAINT TRIGGER complete AFTER DELETE ON listnr_client_secrets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete();
CREATE CONSTRAINT TRIGGER complete AFTER INSERT OR UPDATE OR DELETE ON listnr_accepted_issuers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION listnr_clients_complete();
`;

const RECORDED = {
  instances: 'id',
  upstream_providers: 'instance_id',
  people: 'id',
  worker_ids: 'person_id,worker_id',
  user_records: 'person_id,id',
  upstream_identities: 'person_id,issuer',
  clients: 'id',
  client_secrets: 'client_id,name',
  listnr_clients: 'id',
  listnr_client_secrets: 'client_id,name',
  listnr_accepted_issuers: 'client_id,issuer',
};

const CHANGES = `
CREATE FUNCTION record_registration_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row_data jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
  IF to_regclass('pg_temp.registration_changes') IS NOT NULL AND (TG_OP <> 'UPDATE' OR to_jsonb(OLD) <> row_data) THEN
    INSERT INTO pg_temp.registration_changes (table_name, operation, row_key)
    VALUES (TG_TABLE_NAME, lower(TG_OP), (SELECT string_agg(row_data ->> key, ' ' ORDER BY n) FROM unnest(string_to_array(TG_ARGV[0], ',')) WITH ORDINALITY AS keys (key, n)));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION record_registration_change IS 'Lists what a seed file really changed, for whoever applied it: into a temporary table that the seed command makes.';
${Object.entries(RECORDED)
  .map(
    ([table, key]) =>
      `CREATE TRIGGER record_change AFTER INSERT OR UPDATE OR DELETE ON ${table} FOR EACH ROW EXECUTE FUNCTION record_registration_change('${key}');`,
  )
  .join('\n')}
`;

export async function down(): Promise<void> {
  throw new Error('Migrations only go forward.');
}
