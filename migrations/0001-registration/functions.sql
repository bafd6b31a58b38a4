-- Functions that the checks of all registration tables share. Patterns are Postgres's own (ARE); ~* ignores case.

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

CREATE FUNCTION is_host(host text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN host ~* '(^|\.)([0-9]+|0x[0-9a-f]*)$' THEN host ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}$' AND right(host, 1) <> '.'
    ELSE host ~* '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'
  END
$$;
COMMENT ON FUNCTION is_host IS 'A name, or an IPv4 address in full: browsers read whatever ends in a number as an address, and 127.1 as 127.0.0.1.';

CREATE FUNCTION is_ipv6(address text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN family(address::inet) = 6;
EXCEPTION WHEN invalid_text_representation THEN
  RETURN false;
END $$;

CREATE FUNCTION is_argon2id(hash text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT hash ~ '^\$argon2id\$v=19\$m=[0-9]{1,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$'
    AND coalesce((
      SELECT part[1]::integer BETWEEN 8 * part[3]::integer AND 1048576
         AND part[2]::integer BETWEEN 1 AND 100 AND part[3]::integer BETWEEN 1 AND 64
         AND length(part[4]) % 4 <> 1 AND length(part[5]) % 4 <> 1
      FROM regexp_match(hash, 'm=([0-9]+),t=([0-9]+),p=([0-9]+)\$([^$]+)\$([^$]+)$') AS part), false)
$$;
COMMENT ON FUNCTION is_argon2id IS 'A PHC string this server can verify (RFC 9106): its parameters in order, and memory of no more than 1 GiB.';

CREATE FUNCTION check_list(owner text, what text, given text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF array_ndims(given) > 1 THEN
    PERFORM refuse_registration('list_flat', format('%s: %s is a list of lists', owner, what), 'Write one list: ARRAY[''first'', ''second''].');
  END IF;
END $$;

CREATE FUNCTION check_words(owner text, what text, given text[], known text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE word text;
BEGIN
  PERFORM check_list(owner, what || 's', given);
  FOREACH word IN ARRAY coalesce(given, '{}') LOOP
    IF word IS NULL OR NOT word = ANY (known) THEN
      PERFORM refuse_registration(what || '_known', format('%s: unknown %s "%s"', owner, what, word),
        format('Known are: %s.', array_to_string(known, ', ')));
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION check_origins(owner text, origins text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  origin text;
  part text[];
BEGIN
  PERFORM check_list(owner, 'origins', origins);
  FOREACH origin IN ARRAY coalesce(origins, '{}') LOOP
    part := regexp_match(origin, '^(https?)://(\[::1\]|[a-z0-9.-]+)(:([1-9][0-9]{0,4}))?$');
    IF part IS NULL OR NOT (part[2] = '[::1]' OR is_host(part[2])) OR part[4]::integer > 65535 THEN
      PERFORM refuse_registration('origin_valid', format('%s: "%s" is not an origin', owner, origin),
        'An origin is a scheme, a host in lower case and perhaps a port, with nothing behind it: https://app.example.');
    END IF;
    IF part[1] = 'http' AND part[2] NOT IN ('localhost', '127.0.0.1', '[::1]') THEN
      PERFORM refuse_registration('origin_https', format('%s: the origin "%s" is http on a host other than loopback', owner, origin),
        'Use https. Plain http is for localhost, 127.0.0.1 and [::1] only.');
    END IF;
    IF part[1] || part[3] IN ('https:443', 'http:80') THEN
      PERFORM refuse_registration('origin_port', format('%s: the origin "%s" names the port that its scheme has anyway', owner, origin),
        'Leave the port out: browsers do, and origins are compared as strings.');
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION check_redirect_uri(owner text, uri text, application_type text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  what text := format('%s: redirect URI "%s"', owner, uri);
  scheme text;
BEGIN
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

CREATE FUNCTION check_web_redirect_uri(what text, uri text, application_type text) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION check_lifetime(owner text, what text, seconds integer, low integer, high integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF seconds < low OR seconds > high THEN
    PERFORM refuse_registration(what || '_range', format('%s: %s is %s, outside %s to %s', owner, what, seconds, low, high),
      'The unit is seconds. Leave it NULL for the default.');
  END IF;
END $$;

CREATE FUNCTION check_digest(owner text, digest text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- The message does not repeat what may be a secret.
  IF digest !~ '^sha256:[0-9a-f]{64}$' AND NOT (starts_with(digest, 'argon2id:') AND is_argon2id(substr(digest, 10))) THEN
    PERFORM refuse_registration('digest_format', format('%s: the digest is not one', owner),
      'Make a secret with: npm run cli -- client secret. It prints the digest to write here: sha256: and 64 hex digits. Never write the secret itself.');
  END IF;
END $$;
