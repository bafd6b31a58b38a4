CREATE OR REPLACE FUNCTION check_redirect_uri(owner text, uri text, application_type text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  what text := format('%s: redirect URI "%s"', owner, uri);
  scheme text;
BEGIN
  IF uri ~ '^[\s\u00A0]|[\s\u00A0]$' THEN
    PERFORM refuse_registration('redirect_uri_trimmed', what || ' begins or ends with a space', 'Leave the space out: redirect URIs are compared letter by letter.');
  END IF;
  IF uri IS NULL OR uri !~ '^[A-Za-z][A-Za-z0-9+.-]*:' THEN
    PERFORM refuse_registration('redirect_uri_absolute', what || ' is not absolute', 'Write it whole, with its scheme: https://app.example/callback.');
  END IF;
  IF position('#' IN uri) > 0 THEN
    PERFORM refuse_registration('redirect_uri_no_fragment', what || ' has a fragment', 'Remove the # and what follows it (RFC 6749 section 3.1.2).');
  END IF;
  IF uri !~ '^([A-Za-z0-9._~:/?@!$&''()*+,;=-]|\[|\]|%[0-9A-Fa-f]{2})+$' THEN
    PERFORM refuse_registration('redirect_uri_characters', what || ' has a character that does not belong in one',
      'Percent-encode spaces and whatever else RFC 3986 does not allow, and write an international host name in its xn-- form.');
  END IF;
  scheme := lower(split_part(uri, ':', 1));
  IF scheme IN ('http', 'https') THEN
    PERFORM check_web_redirect_uri(what, uri, application_type);
  ELSIF application_type = 'web' THEN
    PERFORM refuse_registration('redirect_uri_web_scheme', format('%s has the scheme %s, which a web client may not use', what, scheme),
      'Use https, or set application_type to native if this is an application installed on a device.');
  ELSIF scheme !~ '^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+$' THEN
    PERFORM refuse_registration('redirect_uri_private_scheme', format('%s: the private-use scheme %s is not a reversed domain name', what, scheme),
      'Use a domain you control, reversed: com.example.app:/callback (RFC 8252 section 7.1).');
  ELSIF uri !~ '^[^/?]+:(//[A-Za-z0-9._~-]*([/?]|$)|/?[^/]|/?$)' THEN
    PERFORM refuse_registration('redirect_uri_host', what || ' has no plain host', 'Write one slash behind the scheme: com.example.app:/callback.');
  END IF;
END $$;
