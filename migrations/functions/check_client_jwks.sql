CREATE OR REPLACE FUNCTION check_client_jwks(owner text, jwks jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE key jsonb;
BEGIN
  IF jsonb_typeof(jwks -> 'keys') IS DISTINCT FROM 'array' OR jsonb_array_length(jwks -> 'keys') NOT BETWEEN 1 AND 10 THEN
    PERFORM refuse_registration('client_jwks_format', owner || ': jwks is not a set of one to ten keys', 'Write {"keys": [ … ]} with public JWKs (RFC 7517).');
  END IF;
  FOR key IN SELECT jsonb_array_elements(jwks -> 'keys') LOOP
    IF key ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] THEN
      PERFORM refuse_registration('client_jwks_public', owner || ': jwks has a private key',
        'Make a new key pair, because this one is no secret any more, and write its public members only.');
    END IF;
    IF NOT coalesce(CASE key ->> 'kty'
      WHEN 'RSA' THEN length(key ->> 'n') >= 342 AND key ->> 'e' <> ''
      WHEN 'EC' THEN key ->> 'crv' = 'P-256' AND length(key ->> 'x') = 43 AND length(key ->> 'y') = 43
      WHEN 'OKP' THEN key ->> 'crv' = 'Ed25519' AND length(key ->> 'x') = 43
    END, false) THEN
      PERFORM refuse_registration('client_jwks_key', owner || ': jwks has a key that cannot be used',
        'Use RSA of 2048 bits or more, EC on P-256, or OKP on Ed25519.');
    END IF;
    IF key ? 'x5c' AND NOT coalesce(jsonb_typeof(key -> 'x5c') = 'array' AND key -> 'x5c' ->> 0 ~ '^[A-Za-z0-9+/]{100,}={0,2}$', false) THEN
      PERFORM refuse_registration('client_jwks_certificate', owner || ': jwks has an x5c without a certificate',
        'Write an array with the certificate in base64, as in a PEM file without its first and last line and its line breaks.');
    END IF;
  END LOOP;
END $$;
