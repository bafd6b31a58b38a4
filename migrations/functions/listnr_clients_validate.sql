CREATE OR REPLACE FUNCTION listnr_clients_validate() RETURNS trigger LANGUAGE plpgsql AS $$
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
