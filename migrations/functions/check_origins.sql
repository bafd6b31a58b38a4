CREATE OR REPLACE FUNCTION check_origins(owner text, origins text[]) RETURNS void LANGUAGE plpgsql AS $$
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
