CREATE OR REPLACE FUNCTION check_web_redirect_uri(what text, uri text, application_type text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text[] := regexp_match(uri, '^(https?)://([^/?]+)', 'i');
  scheme text := lower(part[1]);
  host text;
BEGIN
  IF part IS NULL OR position('@' IN part[2]) > 0 THEN
    PERFORM refuse_registration('redirect_uri_host', what || ' has no plain host', 'Write scheme://host/path, without user name or password.');
  END IF;
  part := regexp_match(lower(part[2]), '^(\[([0-9a-f:]+)\]|[a-z0-9.-]+)(:([0-9]{1,5}))?$');
  host := part[1];
  IF part IS NULL OR NOT coalesce(is_ipv6(part[2]), is_host(host)) OR part[4]::integer > 65535 THEN
    PERFORM refuse_registration('redirect_uri_host', what || ' has a host or port that is not valid',
      'A host has letters, digits and hyphens between its dots, or is an address in full; a port is at most 65535.');
  END IF;
  IF scheme = 'http' AND host NOT IN ('localhost', '127.0.0.1', '[::1]') THEN
    PERFORM refuse_registration('redirect_uri_https', what || ' is http on a host other than loopback',
      'Use https. Plain http is for localhost, 127.0.0.1 and [::1] only (RFC 9700 section 4.1.3).');
  END IF;
  IF scheme = 'https' AND application_type = 'native' AND (host IN ('localhost', '127.0.0.1') OR part[2]::inet = '::1') THEN
    PERFORM refuse_registration('redirect_uri_native', what || ' is https on loopback', 'A native application uses http on loopback (RFC 8252 section 7.3).');
  END IF;
END $$;
