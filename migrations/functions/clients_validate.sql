CREATE OR REPLACE FUNCTION clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'client "' || NEW.id || '"';
  sign_in text[] := ARRAY['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'];
  home text;
  uri text;
BEGIN
  PERFORM require_instance(owner, NEW.instance_id);
  PERFORM check_name(owner, 'name', NEW.name, OLD.name);
  PERFORM check_trimmed(owner, 'name', NEW.name, OLD.name);
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
  PERFORM check_words(owner, 'grant_type', NEW.grant_types,
    ARRAY['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code']);
  -- A row from before this rule keeps its scopes.
  IF NOT 'openid' = ANY (NEW.scopes) AND NEW.grant_types && sign_in
      AND NOT EXISTS (SELECT FROM clients WHERE id = NEW.id AND NOT 'openid' = ANY (scopes) AND grant_types && sign_in) THEN
    PERFORM refuse_registration('scope_openid', owner || ' signs people in and its scopes lack openid', 'Add it: ARRAY[''openid'', …]. Nobody signs in without it (OpenID Connect Core 1.0 section 3.1.2.1).');
  END IF;
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
