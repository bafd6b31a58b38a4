CREATE OR REPLACE FUNCTION is_argon2id(hash text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT hash ~ '^\$argon2id\$v=19\$m=[0-9]{1,7},t=[0-9]{1,3},p=[0-9]{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$'
    AND coalesce((
      SELECT part[1]::integer BETWEEN 8 * part[3]::integer AND 1048576
         AND part[2]::integer BETWEEN 1 AND 100 AND part[3]::integer BETWEEN 1 AND 64
         AND length(part[4]) % 4 <> 1 AND length(part[5]) % 4 <> 1
      FROM regexp_match(hash, 'm=([0-9]+),t=([0-9]+),p=([0-9]+)\$([^$]+)\$([^$]+)$') AS part), false)
$$;
COMMENT ON FUNCTION is_argon2id IS 'True for a PHC string that this server can verify (RFC 9106): parameters in order, and at most 1 GiB of memory.';
