CREATE OR REPLACE FUNCTION is_ipv6(address text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN family(address::inet) = 6;
EXCEPTION WHEN invalid_text_representation THEN
  RETURN false;
END $$;
