CREATE OR REPLACE FUNCTION is_host(host text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE
    WHEN host ~* '(^|\.)([0-9]+|0x[0-9a-f]*)$' THEN host ~ '^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}$' AND right(host, 1) <> '.'
    ELSE host ~* '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$'
  END
$$;
COMMENT ON FUNCTION is_host IS 'True for a name, or a complete IPv4 address. Browsers read a name that ends in a number as an address, and 127.1 as 127.0.0.1.';
