CREATE OR REPLACE FUNCTION clients_validate_target_links() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owner text := 'client "' || NEW.id || '"';
  uri text;
BEGIN
  PERFORM check_list(owner, 'target_link_uris', NEW.target_link_uris);
  FOREACH uri IN ARRAY coalesce(NEW.target_link_uris, '{}') LOOP
    IF uri IS NULL OR length(uri) > 2000
        OR uri !~ '^(https://[A-Za-z0-9.-]+|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?([/?#][A-Za-z0-9._~:/?#@!$&()*+,;=%\[\]-]*)?$' THEN
      PERFORM refuse_registration('target_link_uri_address', format('%s: target link "%s" is not an address to lead people to', owner, left(uri, 200)),
        'Write an https address, or an http address on localhost, 127.0.0.1 or [::1], without spaces and quotation marks.');
    END IF;
  END LOOP;
  IF cardinality(NEW.target_link_uris) > 0 AND NEW.initiate_login_uri IS NULL THEN
    PERFORM refuse_registration('target_link_needs_initiation', owner || ' has target links and no initiate_login_uri',
      'Set initiate_login_uri, which gets the target link, or leave target_link_uris empty.');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER validate_target_links BEFORE INSERT OR UPDATE OF target_link_uris, initiate_login_uri ON clients FOR EACH ROW EXECUTE FUNCTION clients_validate_target_links();
